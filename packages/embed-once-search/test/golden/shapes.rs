//! Plane figures and their areas.

use std::fmt;

pub const TOLERANCE: f64 = 1e-9;

/// A figure that knows its area.
pub trait Figure {
    fn area(&self) -> f64;
}

#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    corners: Vec<(f64, f64)>,
}

impl Polygon {
    /// A polygon from its corners, in order; `None` where there are fewer than three.
    pub fn new(corners: Vec<(f64, f64)>) -> Option<Self> {
        if corners.len() < 3 {
            return None;
        }
        Some(Self { corners })
    }
}

impl Figure for Polygon {
    /// The shoelace formula: half the sum of the cross products of neighbouring corners.
    fn area(&self) -> f64 {
        let mut sum = 0.0;
        for (index, (x, y)) in self.corners.iter().enumerate() {
            let (next_x, next_y) = self.corners[(index + 1) % self.corners.len()];
            sum += x * next_y - next_x * y;
        }
        sum.abs() / 2.0
    }
}

impl fmt::Display for Polygon {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "polygon of {} corners", self.corners.len())
    }
}

#[derive(Debug)]
pub enum Unit {
    Metre,
    Foot,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_has_the_area_of_its_side_squared() {
        let square = Polygon::new(vec![(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]).unwrap();
        assert!((square.area() - 4.0).abs() < TOLERANCE);
    }
}

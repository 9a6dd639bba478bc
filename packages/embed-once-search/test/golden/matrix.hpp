#pragma once

#include <array>
#include <cstddef>

namespace grid {

/// A matrix whose size is known when it is compiled.
template <typename Number, std::size_t Rows, std::size_t Columns>
class Matrix {
public:
    Matrix() = default;

    Number &at(std::size_t row, std::size_t column) { return cells_[row * Columns + column]; }

    Number at(std::size_t row, std::size_t column) const { return cells_[row * Columns + column]; }

    /// The product in the order in which mathematics writes it.
    template <std::size_t Others>
    Matrix<Number, Rows, Others> operator*(const Matrix<Number, Columns, Others> &other) const
    {
        Matrix<Number, Rows, Others> product;
        for (std::size_t row = 0; row < Rows; ++row) {
            for (std::size_t column = 0; column < Others; ++column) {
                Number sum{};
                for (std::size_t k = 0; k < Columns; ++k) sum += at(row, k) * other.at(k, column);
                product.at(row, column) = sum;
            }
        }
        return product;
    }

private:
    std::array<Number, Rows * Columns> cells_{};
};

using Square = Matrix<double, 2, 2>;

struct Point {
    double x, y;
};

inline double Determinant(const Square &square)
{
    return square.at(0, 0) * square.at(1, 1) - square.at(0, 1) * square.at(1, 0);
}

} // namespace grid

import Foundation

/// What a timer tells about its end.
protocol TimerListener: AnyObject {
    func timerDidEnd(_ name: String)
}

struct Lap {
    let number: Int
    let seconds: Double
}

enum TimerError: Error {
    case notRunning
}

/// Counts laps until it is stopped.
final class LapTimer {
    private(set) var laps: [Lap] = []
    weak var listener: TimerListener?
    private var startedAt: Date?

    init(listener: TimerListener? = nil) {
        self.listener = listener
    }

    /// Ends a lap and begins the next one. The first call begins the first lap and gives none, since there is no
    /// start to count from; every later call gives the lap that it has ended.
    @discardableResult
    func lap(now: Date = Date()) throws -> Lap? {
        guard let startedAt else {
            self.startedAt = now
            return nil
        }
        let lap = Lap(number: laps.count + 1, seconds: now.timeIntervalSince(startedAt))
        guard lap.seconds >= 0 else { throw TimerError.notRunning }
        laps.append(lap)
        self.startedAt = now
        return lap
    }
}

extension LapTimer {
    var best: Lap? { laps.min { $0.seconds < $1.seconds } }
}

func format(_ lap: Lap) -> String {
    "\(lap.number): \(lap.seconds) s"
}

"""Reads electricity meters that speak a line protocol over a serial port."""

from __future__ import annotations

import dataclasses
import re

BAUD_RATE = 9600
LINE = re.compile(r"^(?P<code>[\d.]+)\((?P<value>[-\d.]+)\*(?P<unit>\w+)\)$")


@dataclasses.dataclass(frozen=True)
class Reading:
    """One value of a meter, in the unit that the meter gave."""

    code: str
    value: float
    unit: str

    @property
    def kilowatt_hours(self) -> float:
        if self.unit == "kWh":
            return self.value
        if self.unit == "Wh":
            return self.value / 1000
        raise ValueError(f"expected kWh or Wh, got {self.unit}")


class Meter:
    def __init__(self, port, retries: int = 3):
        self._port = port
        self._retries = retries
        self._last: dict[str, Reading] = {}

    async def read(self, code: str) -> Reading:
        """Asks for one value, and once more where the answer came garbled.

        The meter answers within two seconds or not at all. A line with a wrong
        checksum is asked for again, as often as `retries` says; what comes after
        that is an error of the wiring, and the caller should know about it.
        """
        for attempt in range(self._retries):
            await self._port.write(f"/?{code}!\r\n".encode("ascii"))
            line = (await self._port.readline()).decode("ascii", "replace").strip()
            match = LINE.match(line)
            if match is None:
                continue
            reading = Reading(match["code"], float(match["value"]), match["unit"])
            self._last[code] = reading
            return reading
        raise ConnectionError(f"no readable answer for {code} in {self._retries} attempts")

    @staticmethod
    def checksum(line: bytes) -> int:
        result = 0
        for byte in line:
            result ^= byte
        return result


def main() -> None:
    print(Meter.checksum(b"1.8.0(1234.5*kWh)"))


if __name__ == "__main__":
    main()

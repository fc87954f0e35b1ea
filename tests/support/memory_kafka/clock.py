"""Time that passes only when somebody waits. Stands in for the `time` module where a module imports that."""

EPOCH_S = 1_700_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return EPOCH_S + self.now

    def ms(self) -> int:
        return round(self.time() * 1000)

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.0)

"""A clock that only its own `sleep` and the test move, for all tests."""

from dataclasses import dataclass, field


@dataclass
class Clock:
    """Stands for `time.monotonic` or `time.time`, and its `sleep` for `time.sleep`.

    Attributes:
        now: what it shows, in seconds.
        slept: how long each sleep was.
    """

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

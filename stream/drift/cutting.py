"""A window of tweets while it fills."""

from collections import deque
from dataclasses import dataclass, field

from models.records import ModelVersion
from monitoring.drift.describing import Description
from monitoring.drift.monitor import MIN_WINDOW_TWEETS
from stream.drift.decoding import Answered

KEPT_TEXTS = 400  # as many as `monitoring.drift.text_drift` compares


@dataclass
class OpenWindow:
    """A window that is not told yet.

    Attributes:
        start: offset from which each partition was read for it.
        rows: its tweets so far.
        texts: of the last of them.
        unreadable: records that are no classified tweet.
        strays: tweets of the version that answered before.
        model: the version that answered the last one.
        first: when the first was classified, in seconds since 1970.
        last: when the last was.
        first_at: the same as text.
        last_at: the same as text.
    """

    start: dict[int, int]
    rows: list[Description] = field(default_factory=list)
    texts: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_TEXTS))
    unreadable: int = 0
    strays: int = 0
    model: ModelVersion | None = None
    first: float = float("inf")
    last: float = float("-inf")
    first_at: str = ""
    last_at: str = ""

    def add(self, answered: Answered, row: Description) -> None:
        """Take in a tweet; those of several partitions need not come in the exact order of their time."""
        self.rows.append(row)
        self.texts.append(answered.tweet.text)
        self.model = answered.tweet.model
        if answered.at < self.first:
            self.first, self.first_at = answered.at, answered.tweet.classified_at
        if answered.at > self.last:
            self.last, self.last_at = answered.at, answered.tweet.classified_at

    def is_over(self, now: float, *, window_seconds: float) -> bool:
        """Tell whether it ends before a tweet of this time though it is not full: it has enough tweets, and is old."""
        return len(self.rows) >= MIN_WINDOW_TWEETS and now - self.first >= window_seconds

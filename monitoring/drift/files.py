"""Classified tweets as `tickertape tail --json` writes them -> windows, without any text."""

import dataclasses
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from models.errors import DataNotFoundError
from models.records import ClassifiedTweet, ModelVersion
from monitoring.drift.describing import Description, describe
from monitoring.drift.monitor import MIN_WINDOW_TWEETS, WINDOW_TWEETS
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Window, window_of

MAX_WINDOWS = 200  # 100,000 tweets; more would hardly move a threshold
MAX_LINE_BYTES = 1_048_576  # a tweet of 25,000 characters, each escaped as \uXXXX twice, has 300,000
MAX_MODELS = 100  # that are told apart
EXAMPLE_LINES = 5  # enough to find the fault, few enough for one line
_SAMPLING_SEED = 8  # the same file gives the same windows


@dataclass(frozen=True)
class TweetFile:
    """What a file of classified tweets holds.

    Attributes:
        windows: at most `MAX_WINDOWS` in their order, of `WINDOW_TWEETS` each; of a longer file a random sample.
        tweets_read: tweets that the windows were drawn from.
        models: the versions that answered, the most frequent first.
        unreadable_lines: lines that are no classified tweet.
        unreadable_line_numbers: the first `EXAMPLE_LINES` of them, counted from 1.
    """

    windows: tuple[Window, ...]
    tweets_read: int
    models: tuple[ModelVersion, ...] = ()
    unreadable_lines: int = 0
    unreadable_line_numbers: tuple[int, ...] = ()

    @property
    def tweets(self) -> int:
        """How many tweets the windows hold."""
        return sum(window.tweets for window in self.windows)


def read_tweets(path: Path, trained: Vocabulary, *, max_windows: int = MAX_WINDOWS) -> TweetFile:
    """Read a file of classified tweets, one JSON object a line; blank lines are none.

    Memory is bounded by `max_windows` and `MAX_LINE_BYTES`, however long the file is. A line that is no classified
    tweet is counted, and never stops the reading.

    Args:
        path: of the file.
        trained: the words that the model's training saw.
        max_windows: most windows that are kept.

    Raises:
        DataNotFoundError: no such file, or it can't be read.
    """
    try:
        with path.open("rb") as file:
            return _Reader(trained, max_windows).read(_lines(file))
    except FileNotFoundError as exc:
        raise DataNotFoundError(
            f"{path} is not there: give a file of classified tweets, as `tickertape tail --json` writes them"
        ) from exc
    except OSError as exc:
        raise DataNotFoundError(f"{path} can't be read: {exc.strerror}") from exc


class _Reader:
    """Collects what becomes of the lines."""

    def __init__(self, trained: Vocabulary, max_windows: int) -> None:
        self._trained = trained
        self._max_windows = max_windows
        self._sampling = random.Random(_SAMPLING_SEED)
        self._kept: dict[int, Window] = {}
        self._windows = 0
        self._models: Counter[ModelVersion] = Counter()
        self._unreadable = 0
        self._unreadable_numbers: list[int] = []

    def read(self, lines: Iterator[bytes | None]) -> TweetFile:
        decode = msgspec.json.Decoder(ClassifiedTweet).decode
        rows: list[Description] = []
        tweets = 0
        for number, line in enumerate(lines, start=1):
            if line is not None and not line.strip():
                continue
            described = self._described(line, decode)
            if described is None:
                self._unreadable += 1
                if len(self._unreadable_numbers) < EXAMPLE_LINES:
                    self._unreadable_numbers.append(number)
                continue
            tweets += 1
            rows.append(described)
            if len(rows) == WINDOW_TWEETS:
                self._keep(rows)
                rows = []
        self._keep_rest(rows)
        return TweetFile(
            tuple(window for _, window in sorted(self._kept.items())),
            tweets,
            tuple(model for model, _ in self._models.most_common()),
            self._unreadable,
            tuple(self._unreadable_numbers),
        )

    def _keep(self, rows: list[Description]) -> None:
        """Take a window into the sample: all of the first ones, then by reservoir sampling (Vitter's algorithm R)."""
        self._windows += 1
        if len(self._kept) >= self._max_windows:
            place = self._sampling.randrange(self._windows)
            if place >= self._max_windows:
                return
            del self._kept[sorted(self._kept)[place]]
        if self._kept:  # examples come from the newest alone
            newest = max(self._kept)
            self._kept[newest] = dataclasses.replace(self._kept[newest], rows=())
        self._kept[self._windows] = window_of(rows)

    def _keep_rest(self, rows: list[Description]) -> None:
        """Take what is left as a window, or put it to the last one where it is too little to be one."""
        if rows and (len(rows) >= MIN_WINDOW_TWEETS or not self._kept):
            self._keep(rows)
        elif rows:
            newest = max(self._kept)
            self._kept[newest] = window_of([*self._kept[newest].rows, *rows])

    def _described(self, line: bytes | None, decode: Callable[[bytes], ClassifiedTweet]) -> Description | None:
        if line is None:
            return None
        try:
            tweet = decode(line)
            described = describe(tweet, self._trained)
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return None
        if tweet.model in self._models or len(self._models) < MAX_MODELS:
            self._models[tweet.model] += 1
        return described


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Give each line; None stands for one that is too long to be a tweet."""
    while line := file.readline(MAX_LINE_BYTES):
        if line.endswith(b"\n") or len(line) < MAX_LINE_BYTES:
            yield line
            continue
        while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield None

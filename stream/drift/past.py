"""Tweets of the past, from a range of the topic: windows of them, in the order of their time."""

from collections import Counter
from dataclasses import dataclass

from models.errors import DataError
from models.records import ModelVersion
from monitoring.drift.describing import Description
from monitoring.drift.monitor import MIN_WINDOW_TWEETS
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Window, window_of
from stream.drift.decoding import Answered, decode_answered
from stream.kafka.ranges import RangeReader, TopicRange

MOST_TWEETS = 200_000  # about 200 MB; more would hardly move a threshold


@dataclass(frozen=True)
class Past:
    """Tweets of one model version.

    Attributes:
        model: the version that answered most of them.
        windows: of so many tweets as was asked for, the last one of more or fewer.
        bounds: where they stand.
        tweets: how many.
        of_others: how many tweets of other versions were left out.
        unreadable: records that are no classified tweet.
        first_at: when the first was classified.
        last_at: when the last was.
    """

    model: ModelVersion
    windows: tuple[Window, ...]
    bounds: TopicRange
    tweets: int
    of_others: int
    unreadable: int
    first_at: str
    last_at: str


class PastTweets:
    """Classified tweets of a range of the topic.

    Args:
        reader: of the topic of classified tweets.

    Raises:
        BrokerError: the range can't be read.
        DataError: there are too many tweets, or none.
    """

    def __init__(self, reader: RangeReader) -> None:
        self._answered: list[Answered] = []
        self._unreadable = 0
        for records in reader.records():
            for record in records:
                answered = decode_answered(record.value)
                if answered is None:
                    self._unreadable += 1
                else:
                    self._answered.append(answered)
            if len(self._answered) > MOST_TWEETS:
                raise DataError(f"there are more than {MOST_TWEETS:,} tweets between --from and --to: take fewer")
        if not self._answered:
            raise DataError(f"no tweet to compare: {self._unreadable} records were read, none of which is a tweet")
        self._answered.sort(key=lambda answered: answered.at)
        self._bounds = reader.bounds

    @property
    def model(self) -> ModelVersion:
        """The version that answered most of them."""
        counts = Counter((answered.tweet.model.name, answered.tweet.model.version) for answered in self._answered)
        return ModelVersion(*counts.most_common(1)[0][0])

    def described(self, trained: Vocabulary, *, window_tweets: int) -> Past:
        """Cut those of the version that answered most into windows.

        Args:
            trained: the words that the model's training saw.
            window_tweets: tweets of a window; a rest that is too small for one is put to the last.
        """
        model = self.model
        rows: list[Description] = []
        used: list[Answered] = []
        of_others = unreadable = 0
        for answered in self._answered:
            said = answered.tweet.model
            if (said.name, said.version) != (model.name, model.version):
                of_others += 1
            elif (row := answered.described(trained)) is None:
                unreadable += 1
            else:
                rows.append(row)
                used.append(answered)
        return Past(
            model=model,
            windows=tuple(window_of(part) for part in _cut(rows, window_tweets)),
            bounds=self._bounds,
            tweets=len(rows),
            of_others=of_others,
            unreadable=self._unreadable + unreadable,
            first_at=used[0].tweet.classified_at if used else "",
            last_at=used[-1].tweet.classified_at if used else "",
        )


def _cut(rows: list[Description], window_tweets: int) -> list[list[Description]]:
    starts = list(range(0, len(rows), window_tweets))
    if len(starts) > 1 and len(rows) - starts[-1] < MIN_WINDOW_TWEETS:
        del starts[-1]
    return [rows[start:end] for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)]

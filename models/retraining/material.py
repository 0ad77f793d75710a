"""Add what people labelled to the labelled tweets of the files: known texts left out, the newest labels apart."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from models.calibration import FloatArray
from models.data.dataset import HeadSplit, LabelledTweets, Split, link_free
from models.errors import DataError
from models.features import IntArray
from models.feedback import LabelledTweet
from models.online.truth import truth_of
from models.retraining.findings import FeedbackUsed

LEAST_TWEETS = 50  # of fewer, some seven would be the newest, which says nothing about a model
MOST_NEWEST = 2_000  # resampling them takes some 100 MB; further ones are better learned from


@dataclass(frozen=True)
class NewestLabels:
    """One head's newest labels.

    Attributes:
        tweets: n tweets in the order of their feedback.
        offsets: their `feedback_offset`, shape (n,).
        selection: the probability with which each was chosen for labelling, shape (n,).
    """

    tweets: LabelledTweets
    offsets: IntArray
    selection: FloatArray

    def since(self, offset: int) -> "NewestLabels":
        """Give those from an offset on."""
        rows = np.flatnonzero(self.offsets >= offset)
        return NewestLabels(self.tweets.take(rows), self.offsets[rows], self.selection[rows])


@dataclass(frozen=True)
class Material:
    """What a new model is trained on.

    Attributes:
        split: tweets of the files and of people; held out are those of the files alone.
        newest: labels and sentiments that are among the split's newest.
        used: what people labelled, in numbers.
    """

    split: Split
    newest: tuple[NewestLabels, NewestLabels]
    used: FeedbackUsed


def add_feedback(files: Split, tweets: Iterable[LabelledTweet], *, newest_share: float) -> Material:
    """Join the labels of people to those of the files.

    A label is left out where its text, links aside, stands in that head's files, held out or not, or where another
    label of that head came before it: the first stands, as for the learner. A tweet may teach one head alone.

    Args:
        files: as `models.data.dataset.read_split` gives it.
        tweets: of `tweets.labelled`; repeats are dropped by their offset.
        newest_share: of the tweets with a new label, the latest by their feedback, 0 to 1; `MOST_NEWEST` at most.

    Raises:
        DataError: fewer than `LEAST_TWEETS` tweets have a label that is new.
    """
    read = _without_repeats(tweets)
    truth = np.array([truth_of(tweet.label, tweet.sentiment) for tweet in read], dtype=np.int64).reshape(-1, 2)
    texts = [link_free(tweet.text) for tweet in read]
    heads = files.labels, files.sentiments
    new = [_new_rows(texts, truth[:, place], known=head) for place, head in enumerate(heads)]
    rows = sorted({*new[0], *new[1]})
    if len(rows) < LEAST_TWEETS:
        raise DataError(
            f"people labelled {len(read)} tweets so far, of which {len(rows)} have a label for a text that is new; "
            f"needed are {LEAST_TWEETS}: label more (`tickertape label`, POST /feedback) and let a worker learn them"
        )
    newest_count = min(max(1, round(newest_share * len(rows))), MOST_NEWEST)
    first_newest = read[rows[-newest_count]].feedback_offset
    splits, newest = zip(
        *(
            _joined(head, read, truth[:, place], new[place], first_newest=first_newest)
            for place, head in enumerate(heads)
        ),
        strict=True,
    )
    used = FeedbackUsed(
        tweets=len(read),
        sha256=hashlib.sha256(b"\n".join(map(msgspec.json.encode, read))).hexdigest(),
        labels=len(new[0]),
        sentiments=len(new[1]),
        known=int((truth >= 0).sum()) - len(new[0]) - len(new[1]),
        newest_labels=len(newest[0].offsets),
        newest_sentiments=len(newest[1].offsets),
        first_newest_offset=first_newest,
        last_offset=read[-1].feedback_offset,
    )
    return Material(replace(files, labels=splits[0], sentiments=splits[1]), newest, used)


def _without_repeats(tweets: Iterable[LabelledTweet]) -> list[LabelledTweet]:
    first: dict[int, LabelledTweet] = {}
    for tweet in tweets:
        first.setdefault(tweet.feedback_offset, tweet)
    return [first[offset] for offset in sorted(first)]


def _new_rows(texts: Sequence[str], classes: IntArray, *, known: HeadSplit) -> list[int]:
    keys = {link_free(text) for text in known.train.texts + known.held_out.texts}
    rows = []
    for row, text in enumerate(texts):
        if classes[row] >= 0 and text not in keys:
            keys.add(text)
            rows.append(row)
    return rows


def _joined(
    head: HeadSplit, read: Sequence[LabelledTweet], classes: IntArray, rows: Sequence[int], *, first_newest: int
) -> tuple[HeadSplit, NewestLabels]:
    tweets = LabelledTweets(tuple(read[row].text for row in rows), classes[list(rows)])
    newest = NewestLabels(
        tweets,
        np.array([read[row].feedback_offset for row in rows], dtype=np.int64),
        np.array([read[row].probability for row in rows]),
    ).since(first_newest)
    older = tweets.take(range(len(tweets) - len(newest.offsets)))
    return HeadSplit(head.train.joined(older), head.held_out, newest.tweets), newest

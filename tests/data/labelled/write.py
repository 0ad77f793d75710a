"""Write the small labelled sets beside this file; `README.md` says what they are."""

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random

from models.taxonomy import LABELS, SENTIMENTS, Sentiment
from stream.feed.templates import LINK, Phrase, load_phrase_book

TOPIC_SEED, SENTIMENT_SEED = 20, 3
TOPIC_QUOTAS = dict.fromkeys(range(len(LABELS)), 20)
SENTIMENT_QUOTAS = {
    SENTIMENTS.index(Sentiment.BEARISH): 70,
    SENTIMENTS.index(Sentiment.BULLISH): 80,
    SENTIMENTS.index(Sentiment.NEUTRAL): 90,
}

Row = tuple[str, int]


def topic_rows() -> list[Row]:
    """Give 20 tweets of each topic, no two alike but for their links."""
    return list(_rows(TOPIC_SEED, quotas=TOPIC_QUOTAS, label_of=lambda phrase: LABELS.index(phrase.label)))


def sentiment_rows() -> list[Row]:
    """Give 240 tweets with their sentiment, no two alike but for their links."""
    return list(
        _rows(SENTIMENT_SEED, quotas=SENTIMENT_QUOTAS, label_of=lambda phrase: SENTIMENTS.index(phrase.sentiment))
    )


def _rows(seed: int, *, quotas: Mapping[int, int], label_of: Callable[[Phrase], int]) -> Iterator[Row]:
    book, random = load_phrase_book(), Random(seed)
    left, seen = Counter(quotas), set()
    while left.total():
        phrase = book.write(random)
        label, bare = label_of(phrase), LINK.sub("", phrase.text).strip()
        if left[label] and bare not in seen:
            seen.add(bare)
            left[label] -= 1
            yield phrase.text, label


def write(folder: Path) -> None:
    """Write both files into a folder."""
    for name, rows in (("topic_train.csv", topic_rows()), ("sent_train.csv", sentiment_rows())):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("text", "label"))
            writer.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)

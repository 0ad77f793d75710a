"""How sure the shipped model is on a real feed, by month and language, and how often it would abstain; no text is shown.

Run with `TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/feed_confidence.py`; the folder has `feed.jsonl.gz`.
"""

import gzip
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec
import numpy as np

from config.settings import ProjectSettings
from models.predictor import pretrained_predictor

THRESHOLDS = (0.3, 0.5, 0.7, 0.9)
FEWEST_TWEETS = 500  # of a group that gets a row


class _Tweet(msgspec.Struct):
    text: str
    created_at: str
    lang: str


def main() -> None:
    """Print both tables as Markdown."""
    path = ProjectSettings().data_dir / "feed.jsonl.gz"
    if not path.exists():
        sys.exit(f"{path} is not there: set TICKERTAPE_DATA_DIR to a folder that has it")
    decode = msgspec.json.Decoder(_Tweet).decode
    with gzip.open(path) as lines:
        tweets = [decode(line) for line in lines]
    certainty = pretrained_predictor(1).scorer.probabilities([tweet.text for tweet in tweets]).labels.max(axis=1)
    for name, group_of in (("month", _month), ("language", _language)):
        rows = _groups(tweets, group_of)
        print(f"| {name} | tweets | median certainty | {' | '.join(f'below {one}' for one in THRESHOLDS)} |")
        print("| --- |" + " ---: |" * (2 + len(THRESHOLDS)))
        for group, places in [("all", range(len(tweets))), *sorted(rows.items())]:
            if len(places) >= FEWEST_TWEETS:
                print(_row(group, certainty[list(places)]))
        print()


def _groups(tweets: Iterable[_Tweet], group_of: Callable[[_Tweet], str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for place, tweet in enumerate(tweets):
        groups[group_of(tweet)].append(place)
    return groups


def _month(tweet: _Tweet) -> str:
    return tweet.created_at[:7]


def _language(tweet: _Tweet) -> str:
    return tweet.lang


def _row(group: str, certainty: np.ndarray) -> str:
    shares = " | ".join(f"{(certainty < threshold).mean():.1%}" for threshold in THRESHOLDS)
    return f"| {group} | {len(certainty):,} | {np.median(certainty):.2f} | {shares} |"


if __name__ == "__main__":
    main()

"""What `--quality careful` does to a real feed: speed, what the teacher answers, the longest chunk, what it changes.

Run with `TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/careful.py [VERSION]`: the folder has `feed.jsonl.gz`, and the
registry a version that was trained with `--teacher` (default: the alias challenger). The other settings are those of
MODEL_CAREFUL_*, read from the environment. No text is shown.
"""

import gzip
import itertools
import sys
import time
from collections import Counter
from dataclasses import replace

from config.settings import ModelSettings, ProjectSettings
from models.careful.predictor import Care, CarefulPredictor
from models.commands.stores import registry_store
from models.contracts import Predictor
from models.records import Tweet
from stream.codecs import decode_tweet

TWEETS = 40_000
CHUNK_TWEETS = 500
SHARES = (0.05, 0.1, 0.2, 0.5)


def main() -> None:
    """Print a table as Markdown, fast first."""
    path = ProjectSettings().data_dir / "feed.jsonl.gz"
    if not path.exists():
        sys.exit(f"{path} is not there: set TICKERTAPE_DATA_DIR to a folder that has it")
    with gzip.open(path) as lines:
        tweets = [decode_tweet(line) for line in itertools.islice(lines, TWEETS)]
    settings, wanted = ModelSettings(), sys.argv[1] if len(sys.argv) > 1 else "challenger"
    counts: Counter[str] = Counter()

    def count(outcome: str, number: int) -> None:
        counts[outcome] += number

    print("| share | tweets/s | p99 of a chunk, ms | longest, ms | doubtful | answered by both | over budget | late |")
    print("| --- |" + " ---: |" * 7)
    for share in (0.0, *SHARES):
        care = Care(share, settings.careful_tweets_per_second, settings.careful_wait_ms / 1000, count)
        predictor = replace(registry_store(top_k=3), care=care).named(wanted)
        if not isinstance(predictor, CarefulPredictor):
            sys.exit(f"version {wanted} has no teacher: train with --teacher")
        predictor.predict(tweets[:1])
        counts.clear()
        seconds = sorted(_seconds(predictor, tweets))
        doubtful = counts.total() / len(tweets)
        print(
            f"| {share:.0%} | {len(tweets) / sum(seconds):,.0f} | {1000 * seconds[int(0.99 * len(seconds))]:.0f} | "
            f"{1000 * seconds[-1]:.0f} | {doubtful:.1%} | {counts['answered']:,} | {counts['over_budget']:,} | "
            f"{counts['late']:,} |"
        )


def _seconds(predictor: Predictor, tweets: list[Tweet]) -> list[float]:
    found = []
    for first in range(0, len(tweets), CHUNK_TWEETS):
        begin = time.perf_counter()
        predictor.predict(tweets[first : first + CHUNK_TWEETS])
        found.append(time.perf_counter() - begin)
    return found


if __name__ == "__main__":
    main()

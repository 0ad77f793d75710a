"""What a drift process beside a worker costs the worker; prints it, and the memory of the drift process.

    TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/drift_worker.py

Workers of groups of their own classify the same tweets in turn as fast as they can, see `online_worker.py`: by themselves,
and with a drift process on their answers. All share the machine, so the drift process takes its part of the cores.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from online_worker import Bench, kafka_options

from stream.broker import EmbeddedKafka

WAYS = ("alone", "watched")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tweets", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tickertape-bench-") as folder,
        EmbeddedKafka(kafka_options(Path(folder))) as kafka,
    ):
        bench = Bench(kafka.bootstrap_servers, Path(folder))
        bench.publish(arguments.tweets)
        rates: dict[str, list[float]] = {way: [] for way in WAYS}
        for number in range(arguments.rounds):
            for way in WAYS:
                rate, cost = bench.classify(way, number, arguments.tweets, watched=way == "watched")
                rates[way].append(rate)
                print(f"{way:<8} {rate:,.0f} tweets/s, {cost:.1f} us of processor time a tweet", flush=True)
    pairs = [watched / alone for alone, watched in zip(rates["alone"], rates["watched"], strict=True)]
    print(
        f"watched: {statistics.median(pairs):.3f} of the rate alone (single rounds {min(pairs):.3f} to {max(pairs):.3f})"
    )


if __name__ == "__main__":
    main()

"""What a drift process beside a worker costs the worker; prints it, and the memory of the drift process.

    TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/drift_worker.py

Workers of groups of their own classify the same tweets in turn as fast as they can, see `online_worker.py`: by themselves,
and with a drift process on their answers. All share the machine, so the drift process takes its part of the cores.
"""

import argparse

from online_worker import in_turn, opened_bench, ratios

WAYS = ("alone", "watched")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tweets", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with opened_bench() as bench:
        bench.publish(arguments.tweets)
        rates, _ = in_turn(
            WAYS,
            arguments.rounds,
            lambda way, number: bench.classify(way, number, arguments.tweets, watched=way == "watched"),
        )
    median, least, largest = ratios(rates, "watched", against="alone")
    print(f"watched: {median:.3f} of the rate alone (single rounds {least:.3f} to {largest:.3f})")


if __name__ == "__main__":
    main()

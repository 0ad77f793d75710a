"""Draw a sample of mutmut's mutants, or count what became of those that were tried.

Reads what `mutmut results --all True` prints.
"""

import argparse
import random
import re
import sys
from collections import Counter
from math import sqrt

Z = 1.96  # 95 % of a normal distribution lie within this many standard deviations
AREAS = {
    "batching, delivery, commits": r"stream\.(?!learning)(?!codecs|dead_letters|framing|headers|reading|writing)",
    "codecs": r"stream\.(codecs|dead_letters|framing|headers|reading|writing)\.",
    "scorer": r"models\.(?!online|contest|feedback)",
    "learner": r"stream\.learning\.|models\.(online|contest|feedback)\.",
}
LINE = re.compile(r"\s*(\S+): ([a-z ]+)")
SEEN, MISSED = {"killed", "timeout", "segfault"}, {"survived", "no tests"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    sample = verbs.add_parser("sample", help="print names, drawn at random")
    sample.add_argument("--seed", type=int, default=1)
    sample.add_argument("--count", type=int, default=500)
    verbs.add_parser("score", help="print how many of those that were tried are killed, by area")
    arguments = parser.parse_args()
    outcomes = dict(found.groups() for line in sys.stdin if (found := LINE.fullmatch(line.rstrip())))
    if arguments.verb == "sample":
        names = sorted(outcomes)
        print(*random.Random(arguments.seed).sample(names, min(arguments.count, len(names))), sep="\n")
    else:
        print_scores(outcomes)


def print_scores(outcomes: dict[str, str]) -> None:
    tried = {name: outcome for name, outcome in outcomes.items() if outcome in SEEN | MISSED}
    print("area\tmutants\ttried\tkilled\tscore\t95 % interval")
    for area, pattern in {**AREAS, "all": ""}.items():
        of_area = Counter(outcome in SEEN for name, outcome in tried.items() if re.match(pattern, name))
        mutants = sum(bool(re.match(pattern, name)) for name in outcomes)
        count = of_area.total()
        if count:
            low, high = interval(of_area[True], count)
            print(f"{area}\t{mutants}\t{count}\t{of_area[True]}\t{of_area[True] / count:.1%}\t{low:.1%} to {high:.1%}")


def interval(hits: int, count: int) -> tuple[float, float]:
    """Give Wilson's interval of a share."""
    share = hits / count
    middle = share + Z**2 / (2 * count)
    half = Z * sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return (middle - half) / (1 + Z**2 / count), (middle + half) / (1 + Z**2 / count)


if __name__ == "__main__":
    main()

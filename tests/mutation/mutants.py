"""Draw a sample of mutmut's mutants, or count what became of it.

Reads what `mutmut results --all True` prints.
"""

import argparse
import random
import re
import sys
from math import sqrt

Z = 1.96  # 95 % of a normal distribution lie within this many standard deviations
AREAS = {
    "batching, delivery, commits": r"stream\.(?!learning|kafka)(?!codecs|dead_letters|framing|headers|reading|writing)",
    "codecs": r"stream\.(codecs|dead_letters|framing|headers|reading|writing)\.",
    "scorer": r"models\.(?!online|contest|feedback)",
    "learner": r"stream\.kafka\.topic_reader\.|stream\.learning\.|models\.(online|contest|feedback)\.",
}
LINE = re.compile(r"\s*(\S+): ([a-z ]+)")
SEEN, MISSED = {"killed", "timeout", "segfault"}, {"survived", "no tests"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("sample", "score"), help="print the names, or how many of them are killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    arguments = parser.parse_args()
    outcomes = dict(found.groups() for line in sys.stdin if (found := LINE.fullmatch(line.rstrip())))
    names = sorted(outcomes)
    chosen = random.Random(arguments.seed).sample(names, min(arguments.count, len(names)))
    if arguments.verb == "sample":
        print(*chosen, sep="\n")
    else:
        print_scores(outcomes, chosen)


def print_scores(outcomes: dict[str, str], chosen: list[str]) -> None:
    print("area\tmutants\ttried\tkilled\tscore\t95 % interval")
    for area, pattern in {**AREAS, "all": ""}.items():
        mutants = sum(bool(re.match(pattern, name)) for name in outcomes)
        tried = [outcomes[name] for name in chosen if re.match(pattern, name) and outcomes[name] in SEEN | MISSED]
        killed = sum(outcome in SEEN for outcome in tried)
        if tried:
            low, high = interval(killed, len(tried))
            print(f"{area}\t{mutants}\t{len(tried)}\t{killed}\t{killed / len(tried):.1%}\t{low:.1%} to {high:.1%}")


def interval(hits: int, count: int) -> tuple[float, float]:
    """Give Wilson's interval of a share."""
    share = hits / count
    middle = share + Z**2 / (2 * count)
    half = Z * sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return (middle - half) / (1 + Z**2 / count), (middle + half) / (1 + Z**2 / count)


if __name__ == "__main__":
    main()

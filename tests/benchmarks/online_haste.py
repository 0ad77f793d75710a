"""Compare what the learner may do after an alarm, on labelled tweets that a batch model has not seen; prints a table.

    TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/online_haste.py

The streams are those of `online_cases.py`, the seeds those of `online_learning.py`. Answers are those of all voices, without
a contest. Other rates than those that are built are made of them: a step of V or W is multiplied after it was made, to
within a rounding of W.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from online_cases import Stream, streams
from online_learning import FIRST_SEED
from online_tables import Part, last_quarter, next_500

from config.settings import ProjectSettings
from models.compiled.layout import Answers
from models.compiled.residual import load_learn
from models.online.rules import HASTE, HASTE_LABELS, WORD_ROWS
from models.online.truth import UNKNOWN
from models.online.weights import OnlineWeights, fresh_weights
from models.taxonomy import LABELS
from models.weights import COLUMNS

Array = np.ndarray

QUIET = ("no drift", "10,000 labels", "swap")
MOVED = ("new labels", "noise from the middle on")


@dataclass(frozen=True)
class Reaction:
    """What is done after an alarm.

    Attributes:
        confusions: for `HASTE_LABELS` labels the rate of V is so many times what it is.
        words: the same of W.
        at_once: changes the weights after the label that gave the alarm.
    """

    confusions: float = 1.0
    words: float = 1.0
    at_once: Callable[[OnlineWeights], None] | None = None


def forget_confusions(weights: OnlineWeights) -> None:
    weights.label_confusions[:] = 0


def forget_words(weights: OnlineWeights) -> None:
    weights.words[:] = 0


def forget_all(weights: OnlineWeights) -> None:
    forget_confusions(weights)
    forget_words(weights)


def vote_evenly(weights: OnlineWeights) -> None:
    weights.votes[0] = 1 / weights.votes.shape[1]


NOTHING, BUILT = "nothing", f"V and W {HASTE:g} times as fast, as it is built"
REACTIONS = {
    NOTHING: Reaction(),
    BUILT: Reaction(HASTE, HASTE),
    "V and W 3 times as fast": Reaction(3, 3),
    "V and W half as fast": Reaction(0.5, 0.5),
    "V twice as fast": Reaction(confusions=2),
    "W twice as fast": Reaction(words=2),
    "V begins at nothing": Reaction(at_once=forget_confusions),
    "W begins at nothing": Reaction(at_once=forget_words),
    "V and W begin at nothing": Reaction(at_once=forget_all),
    "even votes": Reaction(at_once=vote_evenly),
}
PARTS: dict[str, Part] = {
    "all after": lambda right, middle: right[middle:],
    "next 500": next_500,
    "last quarter": last_quarter,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    shares: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    alarms: dict[str, int] = defaultdict(int)
    for seed in range(FIRST_SEED, FIRST_SEED + arguments.seeds):
        for stream in streams(ProjectSettings().data_dir, seed):
            if stream.case in QUIET:
                alarms[stream.case] += answered(stream, REACTIONS[BUILT])[1]
            for name, reaction in REACTIONS.items() if stream.case in MOVED else ():
                right, count = answered(stream, reaction)
                alarms[stream.case] += count * (name == BUILT)
                for part_name, part in PARTS.items():
                    shares[name, stream.case, part_name].append(100 * part(right, stream.middle).mean())
    print(f"{arguments.seeds} seeds; alarms: {', '.join(f'{case} {count}' for case, count in alarms.items())}\n")
    print(f"| after an alarm | {' | '.join(f'{case}: {part}' for case in MOVED for part in PARTS)} |")
    print("| --- |" + " ---: |" * len(MOVED) * len(PARTS))
    for name in REACTIONS:
        cells = [told(shares, name, case, part) for case in MOVED for part in PARTS]
        print(f"| {name} | {' | '.join(cells)} |")


def told(shares: dict[tuple[str, str, str], list[float]], name: str, case: str, part: str) -> str:
    """Give the accuracy of doing nothing in percent, and by how many points another reaction is better."""
    plain = np.array(shares[NOTHING, case, part])
    if name == NOTHING:
        return f"{plain.mean():.1f}"
    gains = np.array(shares[name, case, part]) - plain
    return f"{gains.mean():+.2f} ± {gains.std(ddof=1) / len(gains) ** 0.5:.2f}"


def answered(stream: Stream, reaction: Reaction) -> tuple[Array, int]:
    """Give which answers are right, and how many alarms there were."""
    learn, weights = load_learn(), fresh_weights()
    answers, count, alarms = stream.answers(), len(stream.labels), 0
    truth = np.column_stack([stream.labels, np.full(count, UNKNOWN)])
    online, served = np.empty((count, COLUMNS)), np.empty((count, COLUMNS))
    for place in range(count):
        one = slice(place, place + 1)
        *columns, ids, starts = answers
        rows = np.unique(ids[starts[place] : starts[place + 1]] & WORD_ROWS - 1)
        words, confusions = weights.words[rows], weights.label_confusions.copy()
        hasty_labels = weights.alarms[0, -1]
        text = Answers(*(column[one] for column in columns), ids, starts[place : place + 2])
        learn(text, stream.scorer.rows, weights, truth[one], online[one], served[one])
        is_alarm = weights.alarms[0, -1] == HASTE_LABELS - 1
        alarms += is_alarm
        if is_alarm or hasty_labels:
            steps = np.rint((weights.words[rows] - words) * (reaction.words / HASTE))
            weights.words[rows] = words + steps.astype(np.int16)
            weights.label_confusions[:] = confusions + (weights.label_confusions - confusions) * (
                reaction.confusions / HASTE
            )
        if is_alarm and reaction.at_once is not None:
            reaction.at_once(weights)
    return served[:, : len(LABELS)].argmax(axis=1) == stream.truth, int(alarms)


if __name__ == "__main__":
    main()

"""The tables of the benchmark of online learning, from which tweets each way answered right."""

from collections.abc import Callable, Sequence

import numpy as np
from online_cases import FELT_CASES

WINDOW = 300  # labels over which the way back after a swap is measured
ENOUGH = 0.97
LONG = 500  # labels over which noise may do harm

Array = np.ndarray
Rights = dict[str, dict[str, list[Array]]]
"""By case and way: for each seed, which tweets were answered right."""


def accuracies(rights: Rights, middles: dict[str, list[int]], ways: Sequence[str]) -> None:
    """Print a row a way: the share of right answers in parts of the streams, and the way back after a swap."""
    print(
        "| way | no drift: all | last quarter | of 10,000 labels the last quarter | swap: next 500 | last quarter | labels until back | late: until back | "
        "new labels: next 500 | last quarter | late: last quarter |"
    )
    print("| --- |" + " ---: |" * 10)
    for way in ways:
        if not rights["no drift"][way]:
            continue

        def share(case: str, part: Callable[[Array, int], Array], way: str = way) -> str:
            values = [part(right, middle) for right, middle in zip(rights[case][way], middles[case], strict=False)]
            return f"{np.mean([value.mean() for value in values]):.3f}" if values else ""

        cells = [
            share("no drift", whole),
            share("no drift", last_quarter_of_all),
            share("10,000 labels", last_quarter_of_all),
            share("swap", next_500),
            share("swap", last_quarter),
            back(rights, middles, "swap", "no drift", way),
            back(rights, middles, "swap, late", "no drift, late", way),
            share("new labels", next_500),
            share("new labels", last_quarter),
            share("new labels, late", last_quarter),
        ]
        print(f"| {way} | {' | '.join(cells)} |")


def whole(right: Array, _: int) -> Array:
    return right


def next_500(right: Array, middle: int) -> Array:
    return right[middle : middle + 500]


def last_quarter(right: Array, middle: int) -> Array:
    """The last quarter of what follows the change."""
    return right[middle + (len(right) - middle) * 3 // 4 :]


def last_quarter_of_all(right: Array, _: int) -> Array:
    return right[len(right) * 3 // 4 :]


def back(rights: Rights, middles: dict[str, list[int]], moved: str, calm: str, way: str) -> str:
    """How many labels after a swap all seeds together are back: `ENOUGH` of what the way gets right without a swap."""
    pairs = list(zip(rights[moved][way], rights[calm][way], middles[moved], strict=False))
    if not pairs:
        return ""
    shortest = min(len(right) - middle for right, _, middle in pairs)
    after, without = (np.mean([pair[side][pair[2] :][:shortest] for pair in pairs], axis=0) for side in (0, 1))
    windows = np.ones(WINDOW) / WINDOW
    is_back = np.convolve(after, windows, "valid") >= ENOUGH * np.convolve(without, windows, "valid")
    return str(int(is_back.argmax())) if is_back.any() else "never"


NOISES = {
    "noise": "noise: all",
    "noise from the middle on": "from the middle on: all after",
    "nothing but noise from the middle on": "nothing but noise: all after",
    "one class from the middle on": "one class: all after",
    "a burst of noise": "a burst: all after",
    "no drift": "no noise: all after",
}


def noise(rights: Rights, ways: Sequence[str]) -> None:
    """Print how far each way falls behind the first one when labels are noise: in points, on true labels."""
    print(f"| way | {' | '.join(f'{name} | worst 500' for name in NOISES.values())} |")
    print("| --- |" + " ---: |" * 2 * len(NOISES))
    batch = ways[0]
    for way in ways[1:]:
        cells = []
        for case in NOISES:
            leads = [points(*pair) for pair in zip(rights[case][way], rights[case][batch], strict=True)]
            half = 0 if case == "noise" else len(leads[0]) // 2
            cells += [f"{np.mean([lead[half:].mean() for lead in leads]):+.1f}"]
            cells += [f"{min(worst(lead[half:]) for lead in leads):+.1f}"]
        print(f"| {way} | {' | '.join(cells)} |")


def points(own: Array, batch: Array) -> Array:
    """By how many points of accuracy a way is ahead, answer by answer."""
    return (own.astype(float) - batch) * 100


def worst(lead: Array) -> float:
    """The lead over those `LONG` answers in a row where it is least."""
    return float(np.convolve(lead, np.ones(LONG) / LONG, "valid").min())


def sentiments(rights: Rights) -> None:
    """Print the share of right sentiments, and how far noise puts them behind the first way."""
    print("| way | no drift: all | last quarter | noise from the middle on: worst 500 | nothing but noise: worst 500 |")
    print("| --- |" + " ---: |" * 4)
    calm = rights["no drift"]
    batch = next(iter(calm))
    for way in calm:
        cells = [
            f"{np.mean([part(right, 0).mean() for right in calm[way]]):.3f}" for part in (whole, last_quarter_of_all)
        ]
        for case in list(FELT_CASES)[1:]:
            leads = [points(*pair) for pair in zip(rights[case][way], rights[case][batch], strict=True)]
            cells.append(f"{min(worst(lead[len(lead) // 2 :]) for lead in leads):+.1f}")
        print(f"| {way} | {' | '.join(cells)} |")

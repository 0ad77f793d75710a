"""The tables of the benchmark of online learning, from which tweets each way answered right."""

from collections.abc import Callable, Sequence

import numpy as np
from online_cases import FELT_CASES, LATE

WINDOW = 300  # labels over which the way back after a swap is measured
ENOUGH = 0.97
LONG = 500  # labels over which noise may do harm
DRAWS = 200

Array = np.ndarray
Rights = dict[str, dict[str, list[Array]]]
"""By case and way: for each seed, which tweets were answered right."""
Middles = dict[str, list[int]]
"""By case: for each seed, the first tweet after the change."""
Part = Callable[[Array, int], Array]
"""Takes a part of a stream, given its first tweet after the change."""


def accuracies(rights: Rights, middles: Middles, ways: Sequence[str]) -> None:
    """Print two tables with a row a way: where nothing changes, then where labels swap or new ones come."""
    ways = [way for way in ways if rights["no drift"][way]]

    def share(case: str, part: Part, way: str) -> str:
        values = _shares(rights, middles, case, part, way)
        return f"{np.mean(values):.3f}" if values else ""

    def ahead(case: str, part: Part, way: str) -> str:
        own, batch = (_shares(rights, middles, case, part, one) for one in (way, ways[0]))
        leads = [100 * (one - other) for one, other in zip(own, batch, strict=False)]
        return f"{np.mean(leads):+.2f} ± {np.std(leads, ddof=1) / len(leads) ** 0.5:.2f}" if len(leads) > 1 else ""

    print("| way | no drift: all | last quarter | 10,000 labels: all | last quarter | ahead there, points |")
    print("| --- |" + " ---: |" * 5)
    for way in ways:
        cells = [
            share("no drift", whole, way),
            share("no drift", last_quarter_of_all, way),
            share("10,000 labels", whole, way),
            share("10,000 labels", last_quarter_of_all, way),
            "" if way == ways[0] else ahead("10,000 labels", last_quarter_of_all, way),
        ]
        print(f"| {way} | {' | '.join(cells)} |")
    print()
    print(
        "| way | swap: next 500 | last quarter | labels until back | late: until back | "
        "new labels: next 500 | last quarter | the same, 1,000 earlier | late: last quarter |"
    )
    print("| --- |" + " ---: |" * 8)
    for way in ways:
        cells = [
            share("swap", next_500, way),
            share("swap", last_quarter, way),
            back(rights, middles, "swap", "no drift", way),
            back(rights, middles, "swap, late", "no drift, late", way),
            share("new labels", next_500, way),
            share("new labels", last_quarter, way),
            share("new labels", last_quarter_earlier, way),
            share("new labels, late", last_quarter, way),
        ]
        print(f"| {way} | {' | '.join(cells)} |")


def _shares(rights: Rights, middles: Middles, case: str, part: Part, way: str) -> list[float]:
    pairs = zip(rights[case][way], middles[case], strict=False)
    return [float(part(right, middle).mean()) for right, middle in pairs]


def whole(right: Array, _: int) -> Array:
    return right


def next_500(right: Array, middle: int) -> Array:
    return right[middle : middle + 500]


def last_quarter(right: Array, middle: int) -> Array:
    """The last quarter of what follows the change."""
    return right[middle + (len(right) - middle) * 3 // 4 :]


def last_quarter_earlier(right: Array, middle: int) -> Array:
    """As long a part, but so much earlier that a learner had then seen as many labels as a late one has in the end."""
    quarter = len(last_quarter(right, middle))
    return right[len(right) - LATE - quarter : len(right) - LATE]


def last_quarter_of_all(right: Array, _: int) -> Array:
    return right[len(right) * 3 // 4 :]


def back(rights: Rights, middles: Middles, moved: str, calm: str, way: str) -> str:
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
    """Print how far each way falls behind the first one when labels are noise: in points, on true labels.

    The last row is what chance alone gives in the way before it.
    """
    print(f"| way | {' | '.join(f'{name} | worst 500' for name in NOISES.values())} |")
    print("| --- |" + " ---: |" * 2 * len(NOISES))
    batch, chances = ways[0], []
    for way in ways[1:]:
        cells = []
        for case in NOISES:
            pairs = zip(rights[case][way], rights[case][batch], strict=True)
            leads = [points(own, other) for own, other in pairs]
            leads = [lead if case == "noise" else lead[len(lead) // 2 :] for lead in leads]
            cells += [f"{np.mean([lead.mean() for lead in leads]):+.1f}", f"{min(map(worst, leads)):+.1f}"]
            if way == ways[-1]:
                chances += ["", f"{by_chance(leads):+.1f}"]
        print(f"| {way} | {' | '.join(cells)} |")
    print(f"| by chance alone | {' | '.join(chances)} |")


def points(own: Array, batch: Array) -> Array:
    """By how many points of accuracy a way is ahead, answer by answer."""
    return (own.astype(float) - batch) * 100


def worst(lead: Array) -> float:
    """The lead over those `LONG` answers in a row where it is least."""
    return float(np.convolve(lead, np.ones(LONG) / LONG, "valid").min())


def by_chance(leads: Sequence[Array]) -> float:
    """Give the worst of all seeds, were each answer that differs as likely better as worse; the median of `DRAWS`."""
    chooser = np.random.default_rng(0)
    return float(
        np.median([min(worst(lead * chooser.choice((-1, 1), len(lead))) for lead in leads) for _ in range(DRAWS)])
    )


def answering(turns: dict[str, list[Array]], middles: Middles) -> None:
    """Print who answers after a change: by case and seed, `turns` has whether the online model answered each tweet."""
    print("| case | answered by the online model | put aside | after | back | again after |")
    print("| --- |" + " ---: |" * 5)
    for case, seeds in turns.items():
        after = [is_online[middle:] for is_online, middle in zip(seeds, middles[case], strict=True)]
        aside = [int(np.argmin(one)) for one in after if not one.all()]
        back = [int(np.argmax(one[np.argmin(one) :])) for one in after if np.diff(one.astype(int)).max() > 0]
        cells = [f"{np.mean([one.mean() for one in after]):.0%}", f"{len(aside)} of {len(after)}", _middle_of(aside)]
        print(f"| {case} | {' | '.join(cells)} | {len(back)} of {len(after)} | {_middle_of(back)} |")


def _middle_of(counts: Sequence[int]) -> str:
    return f"{np.median(counts):.0f}" if counts else ""


def sentiments(rights: Rights) -> None:
    """Print the share of right sentiments, and how far noise puts them behind the first way, as `noise` does."""
    cases = list(FELT_CASES)[1:]
    print(f"| way | no drift: all | last quarter | {' | '.join(f'{case}: worst 500' for case in cases)} |")
    print("| --- |" + " ---: |" * (2 + len(cases)))
    calm = rights["no drift"]
    batch, *_, last = calm
    chances = []
    for way in calm:
        cells = [
            f"{np.mean([part(right, 0).mean() for right in calm[way]]):.3f}" for part in (whole, last_quarter_of_all)
        ]
        for case in cases:
            leads = [points(*pair) for pair in zip(rights[case][way], rights[case][batch], strict=True)]
            leads = [lead[int(FELT_CASES[case][1] * len(lead)) :] for lead in leads]
            cells.append("" if way == batch else f"{min(map(worst, leads)):+.1f}")
            chances += [f"{by_chance(leads):+.1f}"] * (way == last)
        print(f"| {way} | {' | '.join(cells)} |")
    print(f"| by chance alone |  |  | {' | '.join(chances)} |")

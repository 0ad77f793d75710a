"""Compare ways to learn online, on labelled tweets that a batch model has not seen; prints tables in Markdown.

    TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/online_learning.py

The streams are those of `online_cases.py`, the other ways those of `online_peers.py`. Seeds 0 to 5 were looked at when
the constants were chosen; these are others. River's own model is slow: it runs on the first two seeds, where River is
installed.
"""

import argparse
import importlib.util
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import online_peers as peers
from online_cases import Stream, streams

from config.settings import ProjectSettings
from models.online.learner import OnlineLearner
from models.online.scores import OnlineScorer
from models.online.truth import UNKNOWN
from models.scorer import Scorer
from models.taxonomy import LABELS

FIRST_SEED = 10
RIVER_SEEDS, RIVER_CASES = 2, ("no drift", "swap", "new labels")
CHUNK = 25  # tweets that are answered between two steps of a late learner
WINDOW = 300  # labels over which the way back after a swap is measured
ENOUGH = 0.97
LONG = 500  # labels over which noise may do harm
ROUNDS = 9

Array = np.ndarray
Rights = dict[str, dict[str, list[Array]]]
"""By case and way: for each seed, which tweets were answered right."""

RIVER = "River's SoftmaxRegression(SGD(4)), two seeds"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    rights: Rights = defaultdict(lambda: defaultdict(list))
    middles: dict[str, list[int]] = defaultdict(list)
    rates, felt = [], []
    for seed in range(FIRST_SEED, FIRST_SEED + arguments.seeds):
        for stream in streams(ProjectSettings().data_dir, seed):
            middles[stream.case].append(stream.middle)
            for way, answer in WAYS.items():
                rights[stream.case][way].append(answer(stream).argmax(axis=1) == stream.truth)
            if seed < FIRST_SEED + RIVER_SEEDS and stream.case in RIVER_CASES and importlib.util.find_spec("river"):
                said, rate = peers.river_softmax(stream)
                rights[stream.case][RIVER].append(said.argmax(axis=1) == stream.truth)
                rates.append(rate)
            if stream.case == "no drift":
                last = stream
                felt.append(sentiments(stream))
    print(f"{platform.machine()}, Python {platform.python_version()}, {arguments.seeds} seeds\n")
    accuracies(rights, middles)
    batch, online, late_batch, late_online = np.mean(felt, axis=0)
    print(
        f"\nSentiment, no drift: batch {batch:.3f}, served {online:.3f}; last quarter {late_batch:.3f}, {late_online:.3f}\n"
    )
    noise(rights)
    print()
    speed(last, rates)


def served(stream: Stream) -> Array:
    """What workers answer with the learner of this package; a late one is asked in chunks."""
    learner = OnlineLearner(stream.scorer)
    truth = np.column_stack([stream.labels, np.full(len(stream.labels), UNKNOWN)])
    if not stream.delay:
        return learner.learn(stream.texts, truth).served[:, : len(LABELS)]
    said = []
    for start in range(0, len(stream.texts), CHUNK):
        scorer = OnlineScorer(stream.scorer, learner.weights)
        said.append(scorer.answers(stream.texts[start : start + CHUNK], top_k=1).probabilities[:, : len(LABELS)])
        late = slice(max(start - stream.delay, 0), max(start - stream.delay + CHUNK, 0))
        learner.learn(stream.texts[late], truth[late])
    return np.concatenate(said)


BATCH, SERVED = "batch model alone", "steady and quick voice, with a vote"
WAYS: dict[str, Callable[[Stream], Array]] = {
    BATCH: lambda stream: stream.answers().probabilities[:, : len(LABELS)],
    "from scratch, rate 4": lambda stream: peers.from_scratch(stream, word_rate=4.0),
    "continued training, rate 4": lambda stream: peers.residual(stream, word_rate=4.0, confusion_rate=0.0),
    "residual, rate of V 0.1": lambda stream: peers.residual(stream, word_rate=4.0, confusion_rate=0.1),
    "residual, rate of V 1.5": lambda stream: peers.residual(stream, word_rate=4.0, confusion_rate=1.5),
    "vote of five residuals": lambda stream: peers.vote(
        stream, ((4.0, 0.1), (4.0, 1.5), (1.0, 0.1), (0.0, 1.5), (4.0, 0.0))
    ),
    SERVED: served,
}


def sentiments(stream: Stream) -> tuple[float, float, float, float]:
    """The share of right sentiments of the batch model and of what is served: of all tweets, and of the last quarter."""
    classes = stream.felt.classes
    truth = np.column_stack([np.full(len(classes), UNKNOWN), classes])
    scores = OnlineLearner(stream.scorer).learn(stream.felt.texts, truth)
    rights = [said[:, len(LABELS) :].argmax(axis=1) == classes for said in (scores.batch, scores.served)]
    last = len(classes) * 3 // 4
    return rights[0].mean(), rights[1].mean(), rights[0][last:].mean(), rights[1][last:].mean()


def accuracies(rights: Rights, middles: dict[str, list[int]]) -> None:
    """Print a row a way: the share of right answers in parts of the streams, and the way back after a swap."""
    print(
        "| way | no drift: all | last quarter | of 10,000 labels the last quarter | swap: next 500 | last quarter | labels until back | late: until back | "
        "new labels: next 500 | last quarter | late: last quarter |"
    )
    print("| --- |" + " ---: |" * 10)
    for way in [*WAYS, RIVER]:
        if not rights["no drift"][way]:
            continue

        def share(case: str, part: Callable[[Array, int], Array], way: str = way) -> str:
            values = [part(right, middle) for right, middle in zip(rights[case][way], middles[case], strict=False)]
            return f"{np.mean([value.mean() for value in values]):.3f}" if values else ""

        cells = [
            share("no drift", lambda right, _: right),
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


def noise(rights: Rights) -> None:
    """Print how far each way falls behind the batch model when labels are noise: in points, on true labels."""
    print("| way | noise: all | worst 500 of any seed | noise from the middle on: all after | worst 500 of any seed |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for way in list(WAYS)[1:]:
        cells = []
        for case in ("noise", "noise from the middle on"):
            leads = [
                (own.astype(float) - batch) * 100
                for own, batch in zip(rights[case][way], rights[case][BATCH], strict=True)
            ]
            half = 0 if case == "noise" else len(leads[0]) // 2
            worst = min(np.convolve(lead[half:], np.ones(LONG) / LONG, "valid").min() for lead in leads)
            cells += [f"{np.mean([lead[half:].mean() for lead in leads]):+.1f}", f"{worst:+.1f}"]
        print(f"| {way} | {' | '.join(cells)} |")


def speed(stream: Stream, river_rates: list[float]) -> None:
    """Print what learning and answering cost, on one core and by processor time."""
    truth = np.column_stack([stream.labels, stream.labels % 3])
    count = len(truth)
    learner = OnlineLearner(stream.scorer)
    one_by_one = seconds(
        lambda: [learner.learn(stream.texts[at : at + 1], truth[at : at + 1]) for at in range(1_000)], rounds=1
    )
    at_once = seconds(lambda: learner.learn(stream.texts, truth), rounds=1)
    snapshot = learner.snapshot()
    online = OnlineScorer(stream.scorer, learner.weights)
    chunks = [stream.texts[start : start + 500] for start in range(0, count - 499, 500)]

    def answer(scorer: Scorer | OnlineScorer) -> float:
        return seconds(lambda: [scorer.answers(chunk, top_k=3) for chunk in chunks], rounds=1) / (500 * len(chunks))

    pairs = [(answer(stream.scorer), answer(online)) for _ in range(ROUNDS)]
    batch, both = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    print("| what | figure |\n| --- | ---: |")
    print(f"| labels learned a second, text to weights, one a call | {1_000 / one_by_one:,.0f} |")
    print(f"| the same, {count:,} a call | {count / at_once:,.0f} |")
    for rate in river_rates[:1]:
        print(f"| River's SoftmaxRegression, labels learned a second | {rate:,.0f} |")
    print(f"| batch model alone, chunks of 500 | {batch:.2f} us a tweet |")
    print(f"| with the online model | {both:.2f} us a tweet |")
    print(f"| snapshot after {count:,} labels for both heads | {len(snapshot) / 1e3:,.0f} KB |")
    print(f"| making it | {seconds(learner.snapshot, rounds=3) * 1e3:.0f} ms |")
    restoring = seconds(lambda: OnlineLearner.restored(stream.scorer, snapshot), rounds=3)
    print(f"| restoring a learner from it | {restoring * 1e3:.0f} ms |")


def seconds(work: Callable[[], object], *, rounds: int) -> float:
    """Measure the median of this thread's processor time."""
    times = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        times.append(time.thread_time() - began)
    return statistics.median(times)


if __name__ == "__main__":
    main()

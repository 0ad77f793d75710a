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
import online_tables as tables
from online_cases import FELT_CASES, Stream, streams
from online_tables import Rights

from config.settings import ProjectSettings
from models.contest import Contest
from models.contest_records import ContestDecision
from models.online.learner import OnlineLearner
from models.online.prequential import HEAD_NAMES
from models.online.scores import OnlineScorer
from models.online.truth import UNKNOWN, Scores
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS

FIRST_SEED = 10
RIVER_SEEDS, RIVER_CASES = 2, ("no drift", "swap", "new labels")
CHUNK = 25  # tweets that are answered between two steps of a late learner
ROUNDS = 9

Array = np.ndarray

RIVER = "River's SoftmaxRegression(SGD(4)), two seeds"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    rights: Rights = defaultdict(lambda: defaultdict(list))
    middles: dict[str, list[int]] = defaultdict(list)
    with_sentiment: Rights = defaultdict(lambda: defaultdict(list))
    turns: dict[str, list[Array]] = defaultdict(list)
    rates = []
    for seed in range(FIRST_SEED, FIRST_SEED + arguments.seeds):
        for stream in streams(ProjectSettings().data_dir, seed):
            middles[stream.case].append(stream.middle)
            for way, answer in WAYS.items():
                rights[stream.case][way].append(answer(stream).argmax(axis=1) == stream.truth)
            turns[stream.case].append(answered(stream, Contest())[1])
            if seed < FIRST_SEED + RIVER_SEEDS and stream.case in RIVER_CASES and importlib.util.find_spec("river"):
                said, rate = peers.river_softmax(stream)
                rights[stream.case][RIVER].append(said.argmax(axis=1) == stream.truth)
                rates.append(rate)
            if stream.case == "no drift":
                last = stream
                answer_sentiments(stream, seed, with_sentiment)
    print(f"{platform.machine()}, Python {platform.python_version()}, {arguments.seeds} seeds\n")
    tables.accuracies(rights, middles, [*WAYS, RIVER])
    print()
    tables.sentiments(with_sentiment)
    print()
    tables.noise(rights, list(WAYS))
    print()
    tables.answering(turns, middles)
    print()
    speed(last, rates)


def served(stream: Stream) -> Array:
    """What workers would answer with the learner of this package and no contest."""
    return answered(stream, None)[0]


def contested(stream: Stream) -> Array:
    """What workers answer: the batch model's answers where the contest says so."""
    return answered(stream, Contest())[0]


def answered(stream: Stream, contest: Contest | None) -> tuple[Array, Array]:
    """Give what workers answer, and whether it is the online model's; a late learner is asked in chunks."""
    learner = OnlineLearner(stream.scorer)
    truth = np.column_stack([stream.labels, np.full(len(stream.labels), UNKNOWN)])
    if not stream.delay:
        scores = learner.learn(stream.texts, truth)
        is_online = online_answers(contest, scores, truth, place=0)
        return np.where(is_online[:, None], scores.served, scores.batch)[:, : len(LABELS)], is_online
    said, turns = [], []
    for start in range(0, len(stream.texts), CHUNK):
        turns.append(contest is None or contest.answering[0] == "online")
        scorer = OnlineScorer(stream.scorer, learner.weights) if turns[-1] else stream.scorer
        said.append(scorer.answers(stream.texts[start : start + CHUNK], top_k=1).probabilities[:, : len(LABELS)])
        late = slice(max(start - stream.delay, 0), max(start - stream.delay + CHUNK, 0))
        scores = learner.learn(stream.texts[late], truth[late])
        if contest is not None:
            contest.add(scores, truth[late])
    return np.concatenate(said), np.repeat(turns, CHUNK)[: len(stream.texts)]


def online_answers(contest: Contest | None, scores: Scores, truth: Array, *, place: int) -> Array:
    """Tell for each text whether the online model answers it; shape (n,)."""
    is_online = np.ones(len(truth), dtype=bool)
    for event in () if contest is None else contest.add(scores, truth):
        if isinstance(event, ContestDecision) and event.head == HEAD_NAMES[place]:
            is_online[event.labels :] = event.answers == "online"
    return is_online


BATCH, SERVED = "batch model alone", "steady and quick voice, with a vote"
CONTESTED = "the same, with the contest"
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
    CONTESTED: contested,
}


def answer_sentiments(stream: Stream, seed: int, rights: Rights) -> None:
    """Note which sentiments are answered right; noise comes as in the cases of topics."""
    classes = stream.with_sentiment.classes
    chooser = np.random.default_rng(seed)
    for case, (share, begin) in FELT_CASES.items():
        is_noise = (chooser.random(len(classes)) < share) & (np.arange(len(classes)) >= int(begin * len(classes)))
        labels = np.where(is_noise, chooser.integers(0, len(SENTIMENTS), len(classes)), classes)
        truth = np.column_stack([np.full(len(classes), UNKNOWN), labels])
        scores = OnlineLearner(stream.scorer).learn(stream.with_sentiment.texts, truth)
        answerers = {
            BATCH: np.zeros(len(classes), dtype=bool),
            SERVED: online_answers(None, scores, truth, place=1),
            CONTESTED: online_answers(Contest(), scores, truth, place=1),
        }
        for way, is_online in answerers.items():
            said = np.where(is_online[:, None], scores.served, scores.batch)[:, len(LABELS) :]
            rights[case][way].append(said.argmax(axis=1) == classes)


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
    scores = learner.learn(stream.texts, truth)

    def count_one(at: int) -> None:
        contest.add(Scores(*(part[at : at + 1] for part in scores)), truth[at : at + 1])

    contest = Contest()
    counted_singly = seconds(lambda: [count_one(at) for at in range(1_000)], rounds=1)
    counted_at_once = seconds(lambda: Contest().add(scores, truth), rounds=3)
    print(f"| tweets with both labels counted by the contest a second, one a call | {1_000 / counted_singly:,.0f} |")
    print(f"| the same, {count:,} a call | {count / counted_at_once:,.0f} |")
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

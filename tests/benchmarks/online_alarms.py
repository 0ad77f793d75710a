"""Compare detectors of drift on what is served, on labelled tweets that a batch model has not seen; prints a table.

    TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/online_alarms.py

The streams are those of `online_cases.py`, the seeds those of `online_learning.py`. An alarm counts only where what the
detector sees has risen: River's ADWIN and KSWIN also tell when a model gets better. River has to be installed.
"""

import argparse
import statistics
from collections import defaultdict
from collections.abc import Callable
from itertools import starmap

import numpy as np
from online_cases import Stream, streams
from online_learning import FIRST_SEED
from river import drift

from config.settings import ProjectSettings
from models.calibration import FloatArray
from models.online.alarms import Watch, surprise_of
from models.online.learner import OnlineLearner
from models.online.truth import UNKNOWN
from models.taxonomy import LABELS, SENTIMENTS

CALM = ("no drift", "10,000 labels", "sentiments")
MOVED = ("swap", "new labels", "noise from the middle on", "nothing but noise from the middle on")
WITHIN = 1_000  # labels after a change; later alarms are missed ones
BEFORE = 1_500  # labels before a change that a detector sees, to be done in time

Detector = Callable[[list[float]], list[int]]
"""Gives the places of the alarms in a sequence."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    labels = 0
    false: dict[str, int] = defaultdict(int)
    delays: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for seed in range(FIRST_SEED, FIRST_SEED + arguments.seeds):
        for case, wrongs, surprises, middle in starmap(seen, cases(seed)):
            labels += len(wrongs) * (case in CALM)
            for name, (sees_errors, detector) in DETECTORS.items():
                values = wrongs if sees_errors else surprises
                if case in CALM:
                    false[name] += len(detector(values))
                    continue
                begin = max(middle - BEFORE, 0)
                after = [place - middle + 1 for place in (begin + at for at in detector(values[begin:]))]
                delays[name][case].append(min((one for one in after if 0 < one <= WITHIN), default=np.inf))
    print(f"{arguments.seeds} seeds, {labels:,} labels without drift\n")
    print(f"| detector | sees | false alarms in 10,000 labels | {' | '.join(MOVED)} |")
    print("| --- | --- |" + " ---: |" * (1 + len(MOVED)))
    for name, (sees_errors, _) in DETECTORS.items():
        cells = [f"{false[name] / labels * 1e4:.2f}"]
        for case in MOVED:
            missed = sum(np.isinf(delays[name][case]))
            median = statistics.median(delays[name][case])
            cells.append(("never" if np.isinf(median) else f"{median:.0f}") + (f" ({missed} missed)" if missed else ""))
        print(f"| {name} | {'errors' if sees_errors else 'surprise'} | {' | '.join(cells)} |")


def cases(seed: int) -> list[tuple[Stream, int]]:
    """Give the streams, and the head whose labels are learned; sentiments come with the stream without drift."""
    named = {stream.case: stream for stream in streams(ProjectSettings().data_dir, seed)}
    return [(named["no drift"], 1), *((named[case], 0) for case in (*CALM[:2], *MOVED))]


def seen(stream: Stream, place: int) -> tuple[str, list[float], list[float], int]:
    """Give the case, what was served wrong (0 or 1), how surprising each label was, and where the change is."""
    texts, labels = (
        (stream.with_sentiment.texts, stream.with_sentiment.classes) if place else (stream.texts, stream.labels)
    )
    truth = np.full((len(labels), 2), UNKNOWN)
    truth[:, place] = labels
    served = OnlineLearner(stream.scorer).learn(texts, truth).served
    said: FloatArray = served[:, len(LABELS) :] if place else served[:, : len(LABELS)]
    wrongs = (said.argmax(axis=1) != labels).astype(float).tolist()
    classes = len(SENTIMENTS) if place else len(LABELS)
    surprises = [surprise_of(float(share), classes) for share in said[np.arange(len(labels)), labels]]
    return CALM[-1] if place else stream.case, wrongs, surprises, stream.middle


def ours(values: list[float]) -> list[int]:
    """The detector of this package."""
    watch = Watch()
    return [place for place, value in enumerate(values) if watch.sees(value)]


def page_hinkley(**settings: float) -> Detector:
    def places(values: list[float]) -> list[int]:
        detector = drift.PageHinkley(mode="up", **settings)
        return [place for place, value in enumerate(values) if detector.update(value) or detector.drift_detected]

    return places


def adwin(delta: float) -> Detector:
    def places(values: list[float]) -> list[int]:
        detector, alarms = drift.ADWIN(delta=delta), []
        for place, value in enumerate(values):
            before = detector.estimation
            detector.update(value)
            if detector.drift_detected and detector.estimation > before:
                alarms.append(place)
        return alarms

    return places


def kswin(alpha: float) -> Detector:
    def places(values: list[float]) -> list[int]:
        detector, alarms = drift.KSWIN(alpha=alpha, seed=1), []
        for place, value in enumerate(values):
            before = list(detector.window)
            detector.update(value)
            if detector.drift_detected and np.mean(detector.window) > np.mean(before):  # it keeps the newest only
                alarms.append(place)
        return alarms

    return places


DETECTORS: dict[str, tuple[bool, Detector]] = {
    "this package": (False, ours),
    "the same": (True, ours),
    "PageHinkley, as River sets it": (False, page_hinkley()),
    "PageHinkley(delta=0.05, threshold=6)": (False, page_hinkley(delta=0.05, threshold=6)),
    "ADWIN, as River sets it": (False, adwin(0.002)),
    "ADWIN, as River sets it ": (True, adwin(0.002)),
    "ADWIN(delta=1e-5)": (False, adwin(1e-5)),
    "KSWIN, as River sets it": (False, kswin(0.005)),
    "KSWIN(alpha=1e-6)": (False, kswin(1e-6)),
}


if __name__ == "__main__":
    main()

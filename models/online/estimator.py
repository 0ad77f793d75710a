"""One head of the online model as a River classifier: the definition that the compiled code is tested against.

It takes any labels and any numeric features, so it fits into River's pipelines and stands beside River's other models.
It is slow: nothing that serves uses it. The only importer of river.
"""

from math import exp, log
from typing import Any
from zlib import crc32

from river import base

from models.online.alarms import Watch, surprise_of
from models.online.rules import (
    BATCH,
    CONFUSION_RATES,
    FIRST_VOTES,
    HASTE,
    HASTE_LABELS,
    LARGEST_STEP,
    LEAST_CREDIT,
    LEAST_ERROR,
    LEAST_PROBABILITIES,
    STEADY,
    STEPS_PER_UNIT,
    VOICES,
    VOTE_RATE,
    VOTE_SHARE,
    WORD_RATE,
    WORD_ROWS,
)

Features = dict[Any, Any]
Shares = dict[Any, float]

_CORRECTING = range(STEADY, len(VOICES))


class ResidualClassifier(base.Classifier):  # type: ignore[misc]  # river is not typed here
    """Learns what to add to a batch model's probabilities; see `models.online.rules`.

    Args:
        batch_prefix: a feature named this and a label is the batch model's probability of that label; all other
            features are words. A label without one is taken as never seen by the batch model; where there is none
            at all, the batch model knows nothing.
    """

    def __init__(self, batch_prefix: str = "batch: ") -> None:
        self.batch_prefix = batch_prefix
        self._labels: dict[Any, None] = {}  # an ordered set
        self._words: dict[int, dict[Any, int]] = {}  # by row and label, in steps
        self._confusions: dict[int, dict[Any, Shares]] = {voice: {} for voice in _CORRECTING}  # by batch and true label
        self._votes = list(FIRST_VOTES)
        self._watch = Watch()
        self._hasty_labels = 0  # that are still to come

    @property
    def _multiclass(self) -> bool:
        return True

    def predict_proba_one(self, x: Features, **_: Any) -> Shares:  # noqa: ANN401  # as River declares it
        """Give each label that the batch model names or that was learned its probability; none before there is any."""
        return self._answer(self._voices(x))

    def learn_one(self, x: Features, y: Any) -> None:  # noqa: ANN401  # as River declares it
        """Learn one label."""
        self._labels[y] = None
        voices = self._voices(x)
        times = self._haste(self._answer(voices)[y], len(voices[BATCH]))
        self._credit([voice[y] for voice in voices])
        batch = voices[BATCH]
        errors = [{label: share - (label == y) for label, share in voice.items()} for voice in voices]
        for voice, rate in zip(_CORRECTING, CONFUSION_RATES, strict=True):
            for other, probability in batch.items():
                column = self._confusions[voice].setdefault(other, {})
                for label, error in errors[voice].items():
                    column[label] = column.get(label, 0.0) - times * rate * error * probability
        for row, value in self._words_of(x):
            steps = self._words.setdefault(row, {})
            for label, error in errors[STEADY].items():
                if abs(error) >= LEAST_ERROR:
                    moved = round(steps.get(label, 0) - times * WORD_RATE * STEPS_PER_UNIT * error * value)
                    steps[label] = min(max(moved, -LARGEST_STEP), LARGEST_STEP)

    def _voices(self, x: Features) -> list[Shares]:
        batch = self._batch(x)
        evidence = dict.fromkeys(batch, 0.0)
        for row, value in self._words_of(x):
            for label, steps in self._words.get(row, {}).items():
                evidence[label] += steps / STEPS_PER_UNIT * value
        voices = [batch]
        for voice, least in zip(_CORRECTING, LEAST_PROBABILITIES, strict=True):
            scores = {
                label: log(max(probability, least))
                + evidence[label]
                + sum(self._confusions[voice].get(other, {}).get(label, 0.0) * share for other, share in batch.items())
                for label, probability in batch.items()
            }
            voices.append(_softmax(scores))
        return voices

    def _answer(self, voices: list[Shares]) -> Shares:
        total = sum(self._votes)
        return {
            label: sum(vote / total * voice[label] for vote, voice in zip(self._votes, voices, strict=True))
            for label in voices[BATCH]
        }

    def _haste(self, said_of_truth: float, classes: int) -> float:
        if self._watch.sees(surprise_of(said_of_truth, classes)):
            self._hasty_labels = HASTE_LABELS
        if not self._hasty_labels:
            return 1.0
        self._hasty_labels -= 1
        return HASTE

    def _batch(self, x: Features) -> Shares:
        start = len(self.batch_prefix)
        named = {name[start:]: float(share) for name, share in x.items() if self._is_batch(name)}
        shares = named | {label: 0.0 for label in self._labels if label not in named}
        total = sum(shares.values())
        return {label: share / total if total else 1 / len(shares) for label, share in shares.items()}

    def _words_of(self, x: Features) -> list[tuple[int, float]]:
        return [(_row(name), float(value)) for name, value in x.items() if not self._is_batch(name)]

    def _is_batch(self, name: object) -> bool:
        return isinstance(name, str) and name.startswith(self.batch_prefix)

    def _credit(self, said_of_truth: list[float]) -> None:
        votes = [
            vote * max(said, LEAST_CREDIT) ** VOTE_RATE for vote, said in zip(self._votes, said_of_truth, strict=True)
        ]
        self._votes = [(1 - VOTE_SHARE) * vote / sum(votes) + VOTE_SHARE / len(VOICES) for vote in votes]


def _row(name: object) -> int:
    number = name if isinstance(name, int) else crc32(str(name).encode())
    return number % WORD_ROWS


def _softmax(scores: Shares) -> Shares:
    highest = max(scores.values(), default=0.0)
    shares = {label: exp(score - highest) for label, score in scores.items()}
    total = sum(shares.values())
    return {label: share / total for label, share in shares.items()}

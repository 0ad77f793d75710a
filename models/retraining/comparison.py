"""Measure a new model beside the one that answers, on the newest labels and on the held-out tweets of the files."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.calibration import FloatArray
from models.careful.measuring import served_weights
from models.evaluation.differences import Resampled, paired_differences, resampled_metrics
from models.evaluation.intervals import Interval, bootstrap_interval
from models.online.prequential import HEAD_NAMES, Figure, label_weights
from models.retraining.findings import FeedbackFindings, Measured, NewestHead
from models.retraining.material import Material, NewestLabels
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import HEAD_COLUMNS, Weights


@dataclass(frozen=True)
class Champion:
    """The model that answers, as it can be compared.

    Attributes:
        version: its number, or that of the pretrained model.
        weights: with the scaling of its answers.
        measured_weights: fitted without the files' held-out tweets of just this split; None where it has none such.
    """

    version: str
    weights: Weights
    measured_weights: Weights | None


def findings(material: Material, champion: Champion, measured: Weights) -> FeedbackFindings:
    """Compare on labels that neither model has learned.

    Args:
        material: of the new model's training.
        champion: the model that answers.
        measured: the new model's weights that were fitted on the training tweets alone.
    """
    ours, theirs = Scorer(served_weights(measured, material.split)), Scorer(champion.weights)
    newest = (labels.since(champion.weights.learned_offset + 1) for labels in material.newest)
    compared = {
        head: _compared(labels, ours, theirs, place=place)
        for place, (head, labels) in enumerate(zip(HEAD_NAMES, newest, strict=True))
        if len(labels.offsets)
    }
    held_out: Mapping[str, Figure] = {}
    if champion.measured_weights is not None:
        differences = paired_differences(measured, champion.measured_weights, material.split)
        held_out = {one.metric: Figure(one.value, Interval(one.low, one.high)) for one in differences}
    return FeedbackFindings(material.used, champion.version, compared, dict(held_out))


def _compared(labels: NewestLabels, ours: Scorer, theirs: Scorer, *, place: int) -> NewestHead:
    weights = label_weights(labels.selection, len(labels.offsets))
    answers = [
        scorer.answers(labels.tweets.texts, top_k=1).probabilities[:, HEAD_COLUMNS[place]].argmax(axis=1)
        for scorer in (ours, theirs)
    ]
    class_count = len((LABELS, SENTIMENTS)[place])
    challenger, champion = resampled_metrics(
        *answers, truth=labels.tweets.classes, class_count=class_count, weights=weights
    )
    gain = Resampled(challenger.accuracy - champion.accuracy, challenger.macro_f1 - champion.macro_f1)
    return NewestHead(
        len(weights),
        float(weights.sum() ** 2 / np.square(weights).sum()),
        *(Measured(_figure(one.accuracy), _figure(one.macro_f1)) for one in (challenger, champion, gain)),
    )


def _figure(resampled: FloatArray) -> Figure:
    return Figure(float(resampled[0]), bootstrap_interval(resampled[1:]))

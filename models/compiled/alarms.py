"""The detector of `models.online.alarms` compiled, and the haste that its alarms give to learning."""

import math

from models.calibration import FloatArray
from models.compiled.part import part
from models.online.rules import (
    ALARM_FADING,
    ALARM_LABELS,
    ALARM_MARGIN,
    ALARM_THRESHOLD,
    HASTE,
    HASTE_LABELS,
    SURPRISE,
)

_LABELS, _MEAN, _RISE, _LEAST, _HASTE = range(5)


@part
def haste(alarms: FloatArray, said_of_truth: float, classes: int) -> float:
    """Show one label to a head's detector, and give how many times as fast as usual it is learned.

    Args:
        alarms: shape (5,): the head's row of `OnlineWeights.alarms`; changed.
        said_of_truth: the probability of the label in the answer.
        classes: of the head.
    """
    least = classes**-SURPRISE
    surprise = math.log(1 / max(said_of_truth, least)) / math.log(1 / least)
    alarms[_LABELS] += 1
    alarms[_MEAN] += (surprise - alarms[_MEAN]) / alarms[_LABELS]
    alarms[_RISE] = ALARM_FADING * alarms[_RISE] + surprise - alarms[_MEAN] - ALARM_MARGIN
    alarms[_LEAST] = min(alarms[_LEAST], alarms[_RISE])
    if alarms[_LABELS] >= ALARM_LABELS and alarms[_RISE] - alarms[_LEAST] > ALARM_THRESHOLD:
        alarms[:_HASTE] = 0.0
        alarms[_HASTE] = HASTE_LABELS
    if alarms[_HASTE] == 0:
        return 1.0
    alarms[_HASTE] -= 1
    return HASTE

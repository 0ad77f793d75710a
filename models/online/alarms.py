"""When the labels of a head become more surprising than they were: a Page-Hinkley test, a few numbers a head.

It gives the alarms of River's `PageHinkley` in its mode `up`, label by label, where all weights are 1. Compiled code has
it once more, in `models.compiled.alarms`.
"""

from math import log

import msgspec

from models.online.rules import ALARM_FADING, ALARM_LABELS, ALARM_MARGIN, ALARM_THRESHOLD, SURPRISE


class Watch(msgspec.Struct):
    """What a detector knows since it began or last gave an alarm.

    Attributes:
        labels: how many it saw.
        mean: of their surprise.
        rise: sum of what was above the mean by more than the margin, older labels fading.
        least: the least `rise` was; an alarm is given when it is far enough above.
        recent_labels: how many it saw since `rise` was least.
        recent_surprise: their sum.
    """

    labels: float = 0.0
    mean: float = 0.0
    rise: float = 0.0
    least: float = 0.0
    recent_labels: float = 0.0
    recent_surprise: float = 0.0

    def sees(self, surprise: float, weight: float = 1.0) -> bool:
        """Take in one label and tell whether it gives an alarm; the label after an alarm begins all anew.

        Args:
            surprise: from `surprise_of`.
            weight: as how many labels it counts.
        """
        if self.is_alarm:
            self._begin_anew()
        self.labels += weight
        self.mean += (surprise - self.mean) * weight / self.labels
        self.rise = ALARM_FADING * self.rise + (surprise - self.mean - ALARM_MARGIN) * weight
        self.recent_labels += weight
        self.recent_surprise += surprise * weight
        if self.rise <= self.least:
            self.least = self.rise
            self.recent_labels = self.recent_surprise = 0.0
        return self.is_alarm

    @property
    def is_alarm(self) -> bool:
        """Whether the label seen last gave an alarm."""
        return self.labels >= ALARM_LABELS and self.rise - self.least > ALARM_THRESHOLD

    @property
    def is_calm(self) -> bool:
        """Whether nothing speaks for a rise at present."""
        return self.recent_labels == 0

    def _begin_anew(self) -> None:
        self.labels = self.mean = self.rise = self.least = self.recent_labels = self.recent_surprise = 0.0


def surprise_of(said_of_truth: float, classes: int) -> float:
    """Give how surprising a label was, 0 to 1, from the probability that it had among so many classes.

    >>> surprise_of(1.0, 20), surprise_of(0.0, 20), round(surprise_of(1 / 20, 20), 2)
    (0.0, 1.0, 0.75)
    """
    least = classes**-SURPRISE
    return log(1 / max(said_of_truth, least)) / log(1 / least) if classes > 1 else 0.0

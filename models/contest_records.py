"""What the contest of models tells, and what it keeps between two labels."""

from typing import Literal

import msgspec

from models.online.alarms import Watch
from models.online.evidence import Evidence

Answerer = Literal["batch", "online"]


class ContestDecision(msgspec.Struct, frozen=True, tag="contest_decision", tag_field="event"):
    """Another model answers from now on.

    Attributes:
        head: `topic` or `sentiment`.
        answers: who does from now on.
        before: who did.
        reason: a sentence with figures.
        labels: how many of this head there were until then.
    """

    head: str
    answers: Answerer
    before: Answerer
    reason: str
    labels: int


class DriftAlarm(msgspec.Struct, frozen=True, tag="drift_alarm", tag_field="event"):
    """Labels have become more surprising to the online model, with all its voices.

    Attributes:
        head: `topic` or `sentiment`.
        surprise: mean since the rise began, 0 to 1; see `models.online.alarms.surprise_of`.
        mean_surprise: since the contest began or the alarm before this one, the rise included.
        rise: what the detector compares with its threshold.
        labels: how many of this head there were until then.
    """

    head: str
    surprise: float
    mean_surprise: float
    rise: float
    labels: int


class ChallengerLead(msgspec.Struct, frozen=True, tag="challenger_lead", tag_field="event"):
    """The challenger is better than the model that answers.

    Attributes:
        head: `topic` or `sentiment`.
        over: who answers.
        reason: a sentence with figures.
        labels: how many of this head there were until then.
        challenger: its version.
    """

    head: str
    over: Answerer
    reason: str
    labels: int
    challenger: str


ContestEvent = ContestDecision | DriftAlarm | ChallengerLead


class HeadState(msgspec.Struct):
    """What the contest knows of a head.

    Attributes:
        answers: who does.
        labels: how many there were.
        mean_log_weight: mean of the logarithms of the weights of about the last thousand.
        watch: over the surprise of the online model.
        better: evidence for the online model; while it answers, of the time in which its surprise has been rising.
        worse: evidence for the batch model, while the online model answers.
        challenger: evidence for the challenger against the model that answers.
        is_lead_told: whether the challenger's lead was told; until it is lost.
        challenger_version: the version that this evidence is about; empty before the first.
    """

    answers: Answerer = "online"
    labels: int = 0
    mean_log_weight: float = 0.0
    watch: Watch = msgspec.field(default_factory=Watch)
    better: Evidence = msgspec.field(default_factory=Evidence)
    worse: Evidence = msgspec.field(default_factory=Evidence)
    challenger: Evidence = msgspec.field(default_factory=Evidence)
    is_lead_told: bool = False
    challenger_version: str = ""


class ContestState(msgspec.Struct):
    """All that further decisions depend on; plain values that JSON and MessagePack keep exactly."""

    topic: HeadState = msgspec.field(default_factory=HeadState)
    sentiment: HeadState = msgspec.field(default_factory=HeadState)

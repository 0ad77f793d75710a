"""How learning goes, as told on `tweets.metrics` and over HTTP."""

import msgspec

from models.contest_records import Answerer, ContestEvent
from models.online.prequential import HeadStandings
from models.records import Timestamp


class LearningEvent(msgspec.Struct, frozen=True):
    """What the contest of batch and online model has to tell.

    Attributes:
        name: name of the registered model.
        version: the batch model's version.
        online_version: how many records of feedback were learned or refused, the one that led to this among them.
        event: what happened.
        time: when this was told, ISO 8601 in UTC with milliseconds.
    """

    name: str
    version: str
    online_version: int
    event: ContestEvent
    time: Timestamp

    @property
    def kind(self) -> str:
        """What kind of event it is: `contest_decision`, `drift_alarm` or `challenger_lead`."""
        return str(type(self.event).__struct_config__.tag)


class LearningReport(msgspec.Struct, frozen=True):
    """How the models do on the labels that came, each scored before it was learned.

    Attributes:
        name: name of the registered model.
        version: the batch model's version.
        online_version: how many records of feedback were learned or refused.
        answering: who answers, by head: `topic` and `sentiment`.
        heads: the figures by head; a head without any label is left out.
        time: when this was told, ISO 8601 in UTC with milliseconds.
    """

    name: str
    version: str
    online_version: int
    answering: dict[str, Answerer]
    heads: dict[str, HeadStandings]
    time: Timestamp

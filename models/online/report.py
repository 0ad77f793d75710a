"""How learning goes, for `tweets.metrics` and for who asks over HTTP."""

import msgspec

from models.online.prequential import HeadStandings


class LearningReport(msgspec.Struct, frozen=True):
    """How the models do on the labels that came, each scored before it was learned.

    Attributes:
        name: name of the registered model.
        version: the batch model's version.
        online_version: how many records of feedback were learned or refused.
        heads: by head, `topic` and `sentiment`; heads without any label are left out.
        time: when this was written, ISO 8601 in UTC with milliseconds.
    """

    name: str
    version: str
    online_version: int
    heads: dict[str, HeadStandings]
    time: str

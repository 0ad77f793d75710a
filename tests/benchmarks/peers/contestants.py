"""Who takes part: one worker process each, told the same through the environment."""

from dataclasses import dataclass

SHORT = 20  # event by event, plain Faust takes this many times as long, so it gets this part of the tweets


@dataclass(frozen=True)
class Contestant:
    """One worker.

    Attributes:
        name: for `--only`.
        title: for the table.
        command: after the interpreter.
        model: key of `peers.answering.PREDICTORS`.
        is_short: it gets a part of the tweets only.
    """

    name: str
    title: str
    command: tuple[str, ...]
    model: str = "scorer"
    is_short: bool = False


def _peer(module: str) -> tuple[str, ...]:
    return ("-m", f"peers.{module}")


OURS = Contestant("tickertape", "Tickertape's worker", ("-m", "tickertape", "worker"))
LIMIT = Contestant("loop", "limit: confluent-kafka loop, our scorer in batches", _peer("confluent_loop"))
CONTESTANTS = (
    OURS,
    Contestant(
        "faust-sklearn",
        "plain Faust, event by event, scikit-learn",
        _peer("faust_events"),
        model="sklearn",
        is_short=True,
    ),
    Contestant("faust", "plain Faust, event by event, our scorer", _peer("faust_events"), is_short=True),
    Contestant("quix", "Quix Streams, our scorer", _peer("quix_streams")),
    Contestant("bytewax", "Bytewax, our scorer in batches", _peer("bytewax_flow")),
    Contestant("spark", "Spark Structured Streaming, our scorer in Arrow batches", _peer("spark_job")),
    LIMIT,
    Contestant("loop-constant", "the same loop, a constant answer", _peer("confluent_loop"), model="constant"),
)

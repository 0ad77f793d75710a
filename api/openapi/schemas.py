"""Request and response bodies as OpenAPI shows them; no domain logic.

Bodies are read and written by the msgspec structs that HTTP shares with Kafka (`api.codecs`), which is faster and keeps
the two alike. These models document them; tests/contract/test_api_schemas.py holds them together.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from models.feedback import MAX_SOURCE_CHARACTERS
from models.taxonomy import Label, Sentiment
from models.tweets import CREATED_AT, MAX_TEXT_CHARACTERS

NOT_BLANK = r"\S"
Moment = Annotated[str, Field(pattern=f"^{CREATED_AT.pattern}$")]
Probability = Annotated[float, Field(ge=0, le=1)]
PlainText = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS, pattern=NOT_BLANK)]
TweetId = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]


class Body(BaseModel):
    """What all bodies have in common: names and types are taken as they are written."""

    model_config = ConfigDict(strict=True, frozen=True)


class Cashtag(Body):
    """One ticker that X marked in the text."""

    tag: str = Field(description="The ticker without its dollar sign.")


class Entities(Body):
    """The part of a tweet's `entities` that is read."""

    cashtags: list[Cashtag] | None = None


class Tweet(Body):
    """A text, with as much of an X API v2 tweet around it as there is; unknown fields are ignored."""

    text: PlainText = Field(description="As published; more than white space.")
    id: TweetId | None = Field(default=None, description="1 to 19 digits, as a string.")
    created_at: Moment | None = Field(default=None, description="ISO 8601 with a zone; given back as it came.")
    entities: Entities | None = Field(
        default=None, description="Its `cashtags` are the tickers; without them they are looked for in the text."
    )


class WrappedTweet(Body):
    """A tweet as X's streams send it, wrapped in `data`; what stands beside it is ignored."""

    data: Tweet


class Texts(Body):
    """Texts to classify, or tweets, flat and in `data` as they come."""

    texts: Annotated[list[PlainText], Field(min_length=1)] | Annotated[list[Tweet | WrappedTweet], Field(min_length=1)]


class PredictRequest(RootModel[Texts | Tweet | WrappedTweet]):
    """Texts to classify: a list of them, or one."""


class ModelVersion(Body):
    """The versions that made an answer."""

    name: str = Field(description="Name of the registered model.")
    version: str = Field(description="Its version, or `pretrained-` and the first digits of its hash.")
    online_version: int = Field(
        description="How many records of feedback the online model that took part had seen; 0 where none took part."
    )


class Opinion(Body):
    """What one model says by itself."""

    label: Label = Field(description="Its most probable topic.")
    label_score: Probability = Field(description="The probability of that.")
    sentiment: Sentiment = Field(description="Its most probable sentiment.")
    sentiment_score: float = Field(ge=-1, le=1, description="P(bullish) - P(bearish).")


class ClassifiedTweet(Body):
    """One tweet with its answer; the same record as on the topic `tweets.classified`."""

    id: str | None = Field(description="As it was sent.")
    text: str = Field(description="As it was sent.")
    created_at: str | None = Field(description="As it was sent.")
    tickers: list[str] = Field(description="Upper case, without the dollar sign, each once, in order.")
    label: Label | Literal["other"] = Field(
        description="The most probable of the 20 topics; `other` where the model abstains (MODEL_ABSTAIN_BELOW)."
    )
    label_score: Probability = Field(description="The largest probability of a topic.")
    labels: dict[Label, Probability] = Field(description="The most probable topics, largest first (API_TOP_K).")
    sentiment: Sentiment = Field(description="The most probable sentiment.")
    sentiment_score: float = Field(ge=-1, le=1, description="P(bullish) - P(bearish).")
    answered_by: str = Field(
        description="Who gave the label: `batch` is the registered model, `online` it with what was learned from late "
        "labels, `teacher` it and its teacher together."
    )
    sentiment_answered_by: str = Field(description="Who gave the sentiment.")
    opinions: dict[Literal["batch", "online"], Opinion] = Field(
        description="What both say by themselves, where they differ in label or sentiment; else empty."
    )
    model: ModelVersion
    classified_at: str = Field(description="ISO 8601 in UTC with milliseconds.")


class Share(Body):
    """A part of what decided; the parts of an answer add up to its `total`."""

    score: float = Field(description="What it adds to the score of the answered class, a margin without unit.")
    lead: float = Field(description="What it adds to the lead over the runner-up; below 0 it spoke for that one.")


class TermShare(Body):
    """The part of one term."""

    term: str = Field(description="A word, two neighbours, the start or end of a word, or a placeholder.")
    score: float = Field(description="As in `Share`.")
    lead: float = Field(description="As in `Share`.")


class AnswerExplanation(Body):
    """Why a class was answered: `total` is the sum of `bias`, `terms` and `rest`."""

    answer: Label | Sentiment = Field(description="The class that was answered.")
    runner_up: Label | Sentiment = Field(description="The class with the next score.")
    total: Share
    bias: Share = Field(description="What there is without any term.")
    terms: list[TermShare] = Field(description="Those that moved the lead most, largest first, ten at most.")
    rest: Share = Field(description="All other terms together.")


class Explanation(Body):
    """Why a text got its topic and its sentiment."""

    label: AnswerExplanation
    sentiment: AnswerExplanation


class ExplainedTweet(ClassifiedTweet):
    """The answer with `explain=true`."""

    explanation: Explanation


class PredictAnswer(Body):
    """One answer for each text."""

    predictions: list[ExplainedTweet | ClassifiedTweet] = Field(description="In the order of `texts`.")


def _one_is_given(*names: str) -> dict[str, Any]:
    return {"anyOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in names]}


class Feedback(Body):
    """What somebody says a tweet is: its topic, its sentiment, or both; unknown fields are ignored."""

    model_config = ConfigDict(json_schema_extra=_one_is_given("label", "sentiment"))

    tweet_id: TweetId = Field(description="1 to 19 digits, as a string.")
    label: Label | None = Field(default=None, description="The topic; this or the sentiment is needed.")
    sentiment: Sentiment | None = Field(default=None, description="The sentiment; this or the topic is needed.")
    text: PlainText | None = Field(
        default=None,
        description="As published; needed for a tweet that was not sent out for labelling.",
    )
    source: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_SOURCE_CHARACTERS,
        pattern=NOT_BLANK,
        description="Who says so, more than white space; `api` if left out.",
    )
    labelled_at: Moment | None = Field(
        default=None, description="When, ISO 8601 with a zone; the time of the request if left out."
    )


class FeedbackRequest(Body):
    """Labels for tweets."""

    feedback: list[Feedback] = Field(min_length=1, description="One element for each tweet.")


class FeedbackAnswer(Body):
    """All that was sent is in Kafka."""

    accepted: int = Field(description="Number of elements.")


class FieldProblem(Body):
    """One wrong field of a body."""

    field: str = Field(description="Its place, as `texts[3].text`.")
    reason: str = Field(description="A code, the same as in the `reason` header of dead letters.")
    detail: str = Field(description="What is wrong, and what is allowed.")


class Problem(Body):
    """Why a request was not answered (RFC 9457)."""

    type: Literal["about:blank"] = Field(
        default="about:blank", description="The problem is what its status says; `errors` has the particulars."
    )
    title: str = Field(description="The name of the status.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was seen, and what to do.")
    instance: str = Field(description="The path of the request.")
    request_id: str | None = Field(
        default=None, description="The id of the request, as in the header `X-Request-ID` and in the log."
    )
    errors: list[FieldProblem] | None = Field(
        default=None, description="Only with 422: the wrong fields, the first of each element, 100 at most."
    )

"""Bodies of the protocols that serving clients speak, and of /version, as OpenAPI shows them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from api.openapi.schemas import Body, ModelVersion, PlainText, Probability
from models.taxonomy import LABELS, Label, Sentiment


class Version(Body):
    """What runs."""

    name: Literal["tickertape"] = "tickertape"
    package: str = Field(description="The version of the installed package.")
    api: str = Field(description="The version of this API; another one breaks clients.")
    model: ModelVersion | None = Field(description="The versions that answer now; null while the model is loaded.")


class ServerMetadata(Body):
    """The server."""

    name: Literal["tickertape"] = "tickertape"
    version: str = Field(description="The version of the installed package.")
    extensions: list[str] = Field(default=[], description="None: tensors are JSON.")


class ServerLive(Body):
    """The process runs."""

    live: Literal[True] = True


class ServerReady(Body):
    """The model is loaded and has answered; `live` is the protocol's name of it, `ready` that of its servers."""

    live: Literal[True] = True
    ready: Literal[True] = True


class ModelReady(Body):
    """The version is loaded."""

    name: str = Field(description="Name of the registered model.")
    ready: Literal[True] = True


class TensorMetadata(Body):
    """An input or output."""

    name: str
    datatype: Literal["BYTES", "FP64"]
    shape: list[int] = Field(description="-1 for any number.")


class ModelMetadata(Body):
    """A model."""

    name: str = Field(description="Name of the registered model.")
    versions: list[str] = Field(description="Those that can be asked for, the oldest first.")
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class InferenceError(Body):
    """Why a request below `/v2` was not answered, as the protocol writes it."""

    error: str = Field(description="What was seen, and what to do.")


class InputParameters(Body):
    """Of an input; others are ignored."""

    content_type: Literal["str", "base64"] | None = Field(
        default=None, description="How an element is written; `base64` of its bytes, which are UTF-8."
    )


class TextTensor(Body):
    """The texts."""

    name: Literal["text"]
    shape: list[int] = Field(min_length=1, max_length=2, description="[n], or [n, 1].")
    datatype: Literal["BYTES"]
    data: list[PlainText | Annotated[list[PlainText], Field(min_length=1, max_length=1)]] = Field(
        min_length=1, description="A string each; with [n, 1] also a list of one."
    )
    parameters: InputParameters | None = None


class OutputName(Body):
    """An output that is wanted."""

    name: Literal["label", "label_score", "sentiment", "sentiment_score", "labels", "label_scores"]


class InferenceParameters(Body):
    """Of a request; others are ignored."""

    top_k: int | None = Field(
        default=None, ge=1, le=len(LABELS), description="Labels in `labels` and `label_scores`; API_TOP_K if left out."
    )


class InferenceRequest(Body):
    """Texts to classify, as a tensor."""

    id: str | None = Field(default=None, description="Given back in the answer.")
    parameters: InferenceParameters | None = None
    inputs: list[TextTensor] = Field(min_length=1, max_length=1)
    outputs: list[OutputName] | None = Field(
        default=None, max_length=64, description="Those that are wanted; all if left out."
    )


class OutputTensor(Body):
    """One field of the answers."""

    name: str
    datatype: Literal["BYTES", "FP64"]
    shape: list[int] = Field(description="[n]; [n, k] for `labels` and `label_scores`.")
    data: list[str] | list[float] = Field(description="Flat, row by row.")


class AnswerParameters(Body):
    """Of an answer."""

    online_version: int = Field(description="As in `ModelVersion`.")


class InferenceAnswer(Body):
    """The answers, as tensors."""

    model_name: str
    model_version: str = Field(description="The version that answered.")
    parameters: AnswerParameters
    outputs: list[OutputTensor]
    id: str | None = Field(default=None, description="As it was sent; left out if it was.")


class Row(Body):
    """A row of a table; other columns are ignored."""

    text: PlainText


class Columns(Body):
    """The columns of a table; others are ignored."""

    text: Annotated[list[PlainText], Field(min_length=1)] | PlainText


class Table(Body):
    """A table as pandas writes it with orient='split'; each row has a cell for each column."""

    columns: list[str] = Field(
        description="One of them is `text`; others are ignored.",
        json_schema_extra={"contains": {"const": "text"}, "maxContains": 1},
    )
    data: list[list[Any]] = Field(min_length=1, description="Rows.")


Tensor = (
    Annotated[list[PlainText], Field(min_length=1)] | Annotated[list[Row], Field(min_length=1)] | Columns | PlainText
)


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


class InvocationsRequest(Body):
    """Texts to classify, as one of the tables and lists that MLflow reads."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": [name]} for name in ("dataframe_split", "dataframe_records", "instances", "inputs")]
        }
    )

    dataframe_split: Table | SkipJsonSchema[None] = Field(
        default=None,
        description="`columns`, one of them `text`, and `data`, a list of rows.",
        json_schema_extra=_without_default,
    )
    dataframe_records: Annotated[list[Row], Field(min_length=1)] | SkipJsonSchema[None] = Field(
        default=None, description="Rows with a member `text`.", json_schema_extra=_without_default
    )
    instances: Tensor | SkipJsonSchema[None] = Field(
        default=None,
        description="Texts, rows with a member `text`, or an object whose `text` is a list.",
        json_schema_extra=_without_default,
    )
    inputs: Tensor | SkipJsonSchema[None] = Field(
        default=None, description="The same.", json_schema_extra=_without_default
    )


class Invoked(Body):
    """One row; its columns are those of the model's signature in MLflow."""

    label: Label | Literal["other"]
    label_score: Probability
    sentiment: Sentiment
    sentiment_score: float = Field(ge=-1, le=1)


class InvocationsAnswer(Body):
    """The answers, a row for each text."""

    predictions: list[Invoked]
    model: ModelVersion

"""Bodies about the process and its model, as OpenAPI shows them; the others are in `api.openapi.schemas`."""

from typing import Any, Literal

from pydantic import Field

from api.openapi.schemas import Body, ModelVersion


class Live(Body):
    """The process runs."""

    status: Literal["live"] = "live"


class Refusal(Body):
    """A version that the registry's alias named and that does not answer."""

    version: str = Field(description="Its version.")
    reasons: list[str] = Field(description="Why it was refused, a sentence each.")
    time: str = Field(description="When, ISO 8601 in UTC with milliseconds.")


class Ready(Body):
    """The model is loaded and has answered once."""

    status: Literal["ready"] = "ready"
    model: ModelVersion = Field(description="The version that answers now.")
    last_refusal: Refusal | None = Field(
        default=None, description="The version that was refused last since the process started, if any was."
    )


class Performance(Body):
    """How the champion did on held-out tweets, from its report."""

    model_version: str = Field(description="The version that the report is about.")
    answering_version: str = Field(description="The version that answers `/predict` now.")
    is_of_answering_model: bool = Field(description="False where the figures are another version's.")
    run_id: str = Field(description="Its run in MLflow.")
    data_sha256: str = Field(description="Hash of the labelled tweets.")
    held_out: str = Field(description="Where the held-out tweets came from.")
    performance: dict[str, dict[str, Any]] = Field(
        description="By head, `labels` and `sentiments`, or the part asked for."
    )


class AnsweringChange(Body):
    """Another model answers a head in this process."""

    head: str = Field(description="`topic` or `sentiment`.")
    answers: str = Field(description="Who does from then on: `batch` or `online`.")
    before: str = Field(description="Who did.")
    online_version: int = Field(description="After how many records of feedback.")
    time: str = Field(description="When, ISO 8601 in UTC with milliseconds.")


class ModelChange(Body):
    """A version that the registry's alias came to name."""

    outcome: Literal["swapped", "refused"] = Field(description="It answers now, or the previous one goes on.")
    name: str = Field(description="Name of the registered model.")
    version: str = Field(description="The version that was to answer.")
    previous_version: str = Field(description="The one that answered before.")
    reasons: list[str] = Field(description="Why it was refused, a sentence each.")
    time: str = Field(description="When, ISO 8601 in UTC with milliseconds.")


class Models(Body):
    """Who answers in this process, and what changed since it started."""

    model: ModelVersion = Field(description="The versions that answer now.")
    answering: dict[str, str] = Field(description="By head, `topic` and `sentiment`: `batch` or `online`.")
    answering_changes: list[AnsweringChange] = Field(description="The last 20, oldest first.")
    model_changes: list[ModelChange] = Field(description="The last 20, oldest first.")


class OnlinePerformance(Body):
    """How the models do on the labels that came, each scored before it was learned."""

    online_version: int = Field(description="How many records of feedback were learned or refused.")
    answering: dict[str, str] = Field(description="By head, `topic` and `sentiment`: `batch` or `online`.")
    heads: dict[str, dict[str, Any]] = Field(
        description="By head: `window` (the last 1,000 labels) and `fading` (all, older ones count less), of each the "
        "figures of `batch`, of `online` (what was learned, alone) and of `served` (both together)."
    )


class Arguments(Body):
    """What the champion was trained with, from its report."""

    model_version: str = Field(description="The version that the report is about.")
    answering_version: str = Field(description="The version that answers `/predict` now.")
    is_of_answering_model: bool = Field(description="False where the arguments are another version's.")
    args: dict[str, Any] = Field(description="By name; one alone for `/args/{arg}`.")

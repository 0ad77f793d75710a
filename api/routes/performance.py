"""Router: GET /performance, /args, /args/{arg}, from the champion's report."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.dependencies import PredictorDep, ProcessStateDep
from api.openapi.documentation import ARGUMENT_ANSWERS, PERFORMANCE_ANSWERS
from api.openapi.model_schemas import Arguments, Performance
from api.queries import SHOWN_CHARACTERS, not_allowed
from api.request_errors import ReportNotFoundError
from models.contracts import Predictor
from models.served_report import ServedReport, filters, performance, read_served_report

router = APIRouter(tags=["model"])


def champion_report(state: ProcessStateDep) -> ServedReport:
    """Read the champion's report; it may be another one since the last request, as promotion writes it.

    Raises:
        ReportNotFoundError: there is none.
    """
    report = read_served_report(state.report_file)
    if report is None:
        raise ReportNotFoundError(
            "this installation holds no report of the model (config/run.json of a checkout): train or promote one there"
        )
    return report


ReportDep = Annotated[ServedReport, Depends(champion_report)]


@router.get("/performance", summary="How the model did on held-out tweets", responses=PERFORMANCE_ANSWERS)
def get_performance(
    report: ReportDep,
    predictor: PredictorDep,
    wanted: Annotated[
        str | None,
        Query(
            alias="filter",
            description="One head, the figures over all tweets, or those of each class.",
            json_schema_extra={"enum": ["labels", "sentiments", "overall", "classes"], "examples": ["overall"]},
        ),
    ] = None,
) -> Performance:
    """Give the performance of both heads, or a part of it."""
    allowed = filters(report)
    if wanted is not None and wanted not in allowed:
        raise not_allowed("filter", wanted, f"one of {', '.join(allowed)}")
    return Performance(
        **_about(report, predictor),
        run_id=report.run_id,
        data_sha256=report.data_sha256,
        held_out=report.held_out,
        performance=performance(report, wanted),
    )


@router.get("/args", summary="What the model was trained with", responses=ARGUMENT_ANSWERS)
def get_arguments(report: ReportDep, predictor: PredictorDep) -> Arguments:
    """Give all arguments of the training."""
    return Arguments(**_about(report, predictor), args=report.arguments)


@router.get("/args/{arg}", summary="One argument of the training", responses=ARGUMENT_ANSWERS)
def get_argument(arg: str, report: ReportDep, predictor: PredictorDep) -> Arguments:
    """Give one argument of the training."""
    if arg not in report.arguments:
        raise ReportNotFoundError(
            f"there is no argument {arg[:SHOWN_CHARACTERS]!r}: there are {', '.join(report.arguments)}"
        )
    return Arguments(**_about(report, predictor), args={arg: report.arguments[arg]})


def _about(report: ServedReport, predictor: Predictor) -> dict[str, Any]:
    model = predictor.model
    return {
        "model_version": report.model_version,
        "answering_version": model.version,
        "is_of_answering_model": report.is_of(model),
    }

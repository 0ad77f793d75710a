"""POST /invocations, /ping and /health answer as MLflow's own server does for a model that says the same."""

# ruff: noqa: PLC0415 -- MLflow and pandas are imported by the tests that use them: they cost seconds

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.protocols.invocations_codecs import Invoked
from config.api import ApiSettings
from models.predictor import pretrained_predictor
from models.records import Tweet
from monitoring.drift.reports.store import ReportStore

pytestmark = [
    pytest.mark.training,  # trains nothing, but needs MLflow
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of its own type hints, and of ours that it does not read
]

TEXTS = ["$TSLA shares surge 9%", "Fed holds rates"]
PREDICTOR = pretrained_predictor(3)


class Nowhere:
    """Implements the publisher and the registry of an application that is asked for neither."""

    async def publish(self, _given: Any) -> None:
        raise AssertionError

    async def close(self) -> None:
        pass

    def versions(self) -> tuple[str, ...]:
        return ()

    def load(self, _version: str) -> Any:
        raise AssertionError


@pytest.fixture
async def ours() -> AsyncIterator[httpx.AsyncClient]:
    nowhere = Nowhere()
    app = create_app(
        ApiSettings(),
        load=lambda: PREDICTOR,
        report_file=Path("none.json"),
        publisher=nowhere,
        reports=ReportStore(Path("no-reports"), kept=1),
        versions=nowhere,
    )
    async with app.router.lifespan_context(app), _client(app) as client:
        while (await client.get("/ping")).status_code != httpx.codes.OK:  # noqa: ASYNC110  # as a client does
            await asyncio.sleep(0.001)
        yield client


@pytest.fixture
async def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """MLflow's scoring server with a Python model that asks our predictor, and the signature that we register."""
    import mlflow
    import pandas as pd
    from mlflow.pyfunc import PythonModel, scoring_server

    from models.registry.signature import _SIGNATURE

    class Asking(PythonModel):
        def predict(self, context, model_input, params=None):  # noqa: ANN001, ANN202, ARG002  # MLflow reads types
            predictions = PREDICTOR.predict([Tweet(text) for text in model_input["text"]])
            return pd.DataFrame(
                [{name: getattr(one, name) for name in Invoked.__struct_fields__} for one in predictions]
            )

    monkeypatch.setenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")  # the server sets it for good
    folder = tmp_path / "model"
    mlflow.pyfunc.save_model(folder, python_model=Asking(), signature=_SIGNATURE, pip_requirements=[])
    async with _client(scoring_server.init(mlflow.pyfunc.load_model(str(folder)))) as client:
        yield client


def _client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test")


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["text"], "data": [[text] for text in TEXTS]}},
        {"dataframe_split": {"index": [1, 2], "columns": ["n", "text"], "data": [[1, TEXTS[0]], [2, TEXTS[1]]]}},
        {"dataframe_records": [{"text": text} for text in TEXTS]},
        {"instances": TEXTS},
        {"instances": [{"text": text} for text in TEXTS]},
        {"inputs": TEXTS},
        {"inputs": {"text": TEXTS}},
        {"inputs": [{"text": text} for text in TEXTS], "unknown": 1},
    ],
)
async def test_every_table_gets_the_predictions_of_mlflows_server(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    expected = await theirs.post("/invocations", json=body)

    answer = await ours.post("/invocations", json=body)

    assert (expected.status_code, answer.status_code) == (200, 200), expected.text
    assert answer.json()["predictions"] == expected.json()["predictions"]
    assert answer.headers["content-type"] == expected.headers["content-type"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"inputs": TEXTS, "instances": TEXTS},
        {"dataframe_split": {"columns": ["other"], "data": [["a"]]}},
        {"dataframe_split": {"columns": ["text"], "data": [["a", "b"]]}},
        {"dataframe_records": {"text": "a"}},
        {"dataframe_records": [{"other": "a"}]},
    ],
)
async def test_what_mlflows_server_refuses_is_refused(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    answers = [await server.post("/invocations", json=body) for server in (theirs, ours)]

    assert [answer.status_code for answer in answers] == [400, 422]


@pytest.mark.parametrize("path", ["/ping", "/health"])
async def test_health_is_told_as_by_mlflows_server(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, path: str
) -> None:
    answers = [await server.get(path) for server in (theirs, ours)]

    assert answers[0].content == answers[1].content == b"\n"
    assert answers[0].headers["content-type"] == answers[1].headers["content-type"]


def test_a_row_has_the_columns_of_the_signature() -> None:
    from models.registry.signature import _SIGNATURE

    assert list(Invoked.__struct_fields__) == _SIGNATURE.outputs.input_names()

"""MLflow's description of a model: what goes in, what comes out, and an example; no pickle, no flavour of MLflow's."""

import json
from collections.abc import Mapping

from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema

from models.weights import FORMAT, SHA256_FILE, WEIGHTS_FILE

_EXAMPLE_FILE = "input_example.json"
_EXAMPLE = {"columns": ["text"], "data": [["$AAPL beats estimates and raises its dividend"]]}
_EXAMPLE_INFO = {"artifact_path": _EXAMPLE_FILE, "type": "dataframe", "pandas_orient": "split"}
_SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("string", "text")]),
    outputs=Schema(
        [
            ColSpec("string", "label"),
            ColSpec("double", "label_score"),
            ColSpec("string", "sentiment"),
            ColSpec("double", "sentiment_score"),
        ]
    ),
)


def described(files: Mapping[str, bytes], *, run_id: str) -> dict[str, bytes]:
    """Add the files by which MLflow shows a model's signature and input example."""
    model = Model(run_id=run_id, signature=_SIGNATURE, saved_input_example_info=_EXAMPLE_INFO)
    model.add_flavor("tickertape", weights=WEIGHTS_FILE, sha256=SHA256_FILE, format=FORMAT)
    return {**files, "MLmodel": model.to_yaml().encode(), _EXAMPLE_FILE: json.dumps(_EXAMPLE).encode()}

"""The teacher as a file to serve: 8-bit ONNX, a quarter of its size, with its vocabulary inside."""

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.torch import load_file

from models.careful.teacher import INPUTS, OUTPUT
from models.teacher.network import Network, tensors, wordpieces

_EXAMPLE = ("$TSLA up 3%", "Apple beats on revenue and raises its outlook for the next quarter")
_OPERATORS = 17  # of ONNX; any release of onnxruntime that is locked reads it


def export(weights: Path, metadata: Mapping[str, str]) -> bytes:
    """Make the file that `models.careful.teacher.ServedTeacher` loads.

    Args:
        weights: file that `models.teacher.fine_tuning.fine_tune` wrote.
        metadata: see `models.careful.teacher.metadata`.
    """
    network = Network()
    network.load_state_dict(load_file(weights))
    network.eval()
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder, "float32.onnx"), Path(folder, "int8.onnx")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter that needs no package but onnx; it says it is the old one
            torch.onnx.export(
                network,
                tensors(wordpieces().ids(_EXAMPLE)),
                whole,
                input_names=list(INPUTS),
                output_names=[OUTPUT],
                dynamic_axes={name: {0: "texts", 1: "wordpieces"} for name in INPUTS} | {OUTPUT: {0: "texts"}},
                opset_version=_OPERATORS,
                dynamo=False,
            )
        quantize_dynamic(whole, small, weight_type=QuantType.QInt8, per_channel=True)
        model = onnx.load(small)
        onnx.helper.set_model_props(model, dict(metadata))
        content: bytes = model.SerializeToString()
        return content

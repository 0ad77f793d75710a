"""What tests send by the Open Inference Protocol."""

from typing import Any

INFER = "/v2/models/fixed/infer"


def tensor(data: list[Any], shape: list[Any] | None = None, **members: Any) -> dict[str, Any]:
    return {
        "name": "text",
        "shape": [len(data)] if shape is None else shape,
        "datatype": "BYTES",
        "data": data,
    } | members


def request(data: list[Any], **members: Any) -> dict[str, Any]:
    return {"inputs": [tensor(data)], **members}

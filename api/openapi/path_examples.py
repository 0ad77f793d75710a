"""The parts of paths that the documentation shows; a test sends every one."""

from typing import Any

EXAMPLES = {"name": "tickertape", "version": "batch", "arg": "seed", "id": "0a1b2c3d-00000042"}


def add_to(document: dict[str, Any]) -> None:
    """Show with each parameter of a path what may stand there.

    Args:
        document: OpenAPI; changed.
    """
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path" and parameter["name"] in EXAMPLES:
                    parameter["schema"]["examples"] = [EXAMPLES[parameter["name"]]]

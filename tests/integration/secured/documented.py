"""The rights that the documentation lists."""

import re
from pathlib import Path

import tickertape as package

PAGE = Path(package.__file__).parents[1] / "docs" / "how-to" / "secure-kafka.md"


def documented_rights(part: str) -> list[tuple[str, str, list[str]]]:
    """Read from the page what a part needs: kind, name and operations of each resource."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if "|" in line]
    return [
        (row[1], name, [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper() for operation in row[3].split(", ")])
        for row in rows
        if len(row) == 4 and row[0] == part
        for name in re.findall(r"`([^`]+)`", row[2])
    ]

"""Every part on a Kafka that asks who is there, with the rights that the documentation lists and no others."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tickertape

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
SecuredKafka = Any
StartWorker = Callable[..., Any]
Run = Callable[..., subprocess.CompletedProcess[str]]
PAGE = Path(tickertape.__file__).parents[1] / "docs" / "how-to" / "secure-kafka.md"
TIMEOUT_SECONDS = 60
TWEET = b'{"id": "1", "text": "$AAPL beats estimates and raises its dividend", "created_at": "2026-01-31T09:30:00Z"}'
LABEL = '{"tweet_id": "1", "label": "Dividend", "text": "$AAPL beats estimates and raises its dividend"}\n'


def documented_rights(part: str) -> list[tuple[str, str, list[str]]]:
    """The rights that the page lists for a part: kind, name and operations of each resource."""
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ([a-z ,-]+) \| (topic|group|transactional id) \| (.+?) \| ([A-Za-z, ]+) \|$", page, re.MULTILINE
    )
    return [
        (kind, name, [operation.upper() for operation in re.findall(r"[A-Z][a-z]+[A-Z]?[a-z]*", operations)])
        for parts, kind, names, operations in rows
        if part in parts.split(", ")
        for name in re.findall(r"`([^`]+)`", names)
    ]

"""What keys, rates and headers cost a request: microseconds of `POST /predict` with one text, without a network.

Run it as `python tests/benchmarks/access.py`; it needs no Kafka. The rounds of all ways alternate.
"""

import asyncio
import json
import statistics
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.types import Message

from api.access.accounts import Accounts, Rate, Unit
from api.access.key_source import KeySource
from api.access.keys import Role, new_key
from api.access.wiring import Access
from api.app import create_app
from api.versions import VersionStore
from config.api import ApiSettings
from models.predictor import pretrained_predictor
from monitoring.drift.reports.store import ReportStore

REQUESTS, ROUNDS = 500, 15
BODY = json.dumps({"text": "$TSLA deliveries beat estimates, shares up 4% premarket"}).encode()


class Nobody:
    """A publisher and a registry that nobody asks."""

    async def close(self) -> None:
        """Do nothing."""


def application(access: Access) -> FastAPI:
    nobody: Any = Nobody()
    versions: VersionStore = nobody
    return create_app(
        ApiSettings(),
        load=lambda: pretrained_predictor(3),
        report_file=Path("none.json"),
        publisher=nobody,
        reports=ReportStore(Path("no-reports"), kept=1),
        versions=versions,
        access=access,
        wait_for_model_seconds=60.0,
    )


async def microseconds(app: FastAPI, headers: list[tuple[bytes, bytes]]) -> float:
    """Time one request, mean of a round."""
    started = time.perf_counter()
    for _ in range(REQUESTS):
        assert await ask(app, headers) == 200  # anything else would be another measurement
    return (time.perf_counter() - started) / REQUESTS * 1e6


async def ask(app: FastAPI, headers: list[tuple[bytes, bytes]]) -> int:
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "root_path": "",
        "query_string": b"",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "headers": [(b"content-type", b"application/json"), *headers],
    }
    await app(scope, receive, send)
    return status


async def main() -> None:
    made = [new_key(f"desk-{number}", [Role.PREDICT]) for number in range(1000)]
    header = [(b"authorization", f"Bearer {made[0][0]}".encode())]

    def keys(count: int) -> KeySource:
        return KeySource(" ".join(key.line for _, key in made[:count]), None)

    def accounts() -> Accounts:
        return Accounts(tuple(Rate(unit, 1e9, 1e9, "none") for unit in Unit))

    ways = {
        "without keys and rates": (application(Access()), []),
        "with 1 key": (application(Access(keys=keys(1))), header),
        "with 100 keys": (application(Access(keys=keys(100))), header),
        "with 1,000 keys": (application(Access(keys=keys(1000))), header),
        "with rates": (application(Access(accounts=accounts())), []),
        "with 100 keys, rates and an origin": (
            application(Access(keys=keys(100), accounts=accounts(), origins=("https://desk.example",))),
            header,
        ),
    }
    rounds: dict[str, list[float]] = {way: [] for way in ways}
    for app, _ in ways.values():
        async with app.router.lifespan_context(app):
            pass
    for _ in range(ROUNDS):
        for way, (app, headers) in ways.items():
            rounds[way].append(await microseconds(app, headers))
    for way, times in rounds.items():
        print(f"{way:36} {statistics.median(times):6.0f} us, best round {min(times):6.0f} us")


if __name__ == "__main__":
    asyncio.run(main())

"""Both clients, for the same tests."""

import pytest

from tests.unit.client.server import Ask, ask_async, ask_waiting


@pytest.fixture(params=[ask_waiting, ask_async], ids=["Client", "AsyncClient"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Give a function that makes a client of either kind and calls one of its methods."""
    found: Ask = request.param
    return found

"""A network between worker and broker that breaks, hangs, forgets or crawls loses nothing."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from stream.broker.probe import HOST
from tests.faults.brokers import broker_behind_proxy
from tests.faults.figures import Figures
from tests.faults.proxy import GOOD, Link, Proxy
from tests.faults.trial import SESSION_SECONDS, Trial

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Record = Callable[[Figures], None]
SLOW = Link(delay_seconds=0.2, bytes_per_second=200_000)


class Network(NamedTuple):
    """A trial whose workers reach their broker by a proxy."""

    trial: Trial
    proxy: Proxy


@pytest.fixture(scope="module")
def broker_and_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Proxy]]:
    with broker_behind_proxy(tmp_path_factory.mktemp("kafka")) as (broker, proxy):
        yield broker.address, proxy


@pytest.fixture
def network(broker_and_proxy: tuple[str, Proxy], make_trial: Callable[..., Trial]) -> Network:
    servers, proxy = broker_and_proxy
    return Network(make_trial(servers, worker_servers=f"{HOST}:{proxy.port}"), proxy)


@pytest.mark.parametrize("seconds", [1, pytest.param(SESSION_SECONDS + 3, marks=pytest.mark.slow)])
def test_network_that_is_cut_loses_nothing(network: Network, record: Record, seconds: float) -> None:
    with network.trial.under_load(), network.trial.fault():
        network.proxy.cut()
        time.sleep(seconds)
        network.proxy.join()

    record(network.trial.judge(f"network cut for {seconds} s"))


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [2, SESSION_SECONDS + 3])
def test_network_that_passes_nothing_on_for_a_while_loses_nothing(
    network: Network, record: Record, seconds: float
) -> None:
    with network.trial.under_load(), network.trial.fault():
        network.proxy.hang()
        time.sleep(seconds)
        network.proxy.go_on()

    record(network.trial.judge(f"network silent for {seconds} s"))


@pytest.mark.slow
def test_network_that_forgets_its_connections_loses_nothing(network: Network, record: Record) -> None:
    with network.trial.under_load(), network.trial.fault():
        network.proxy.forget()

    record(network.trial.judge("connections forgotten on the way"))


@pytest.mark.slow
def test_network_that_crawls_loses_nothing(network: Network, record: Record) -> None:
    with network.trial.under_load(), network.trial.fault():
        network.proxy.behave(SLOW)
        time.sleep(SESSION_SECONDS)
        network.proxy.behave(GOOD)

    record(network.trial.judge("network slow"))

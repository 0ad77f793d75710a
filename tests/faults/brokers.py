"""Real Kafka brokers as faults need them: with a listener of their own for workers, on a small disk, three in a cluster."""

import contextlib
import functools
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from config.settings import BrokerSettings
from stream.broker.folder import DataFolder, new_cluster_id
from stream.broker.jars import KAFKA_VERSION, install_jars
from stream.broker.java import FORMATTER, Java
from stream.broker.node import Node
from stream.broker.probe import HOST, free_ports
from stream.broker.startup import StartUpCache
from tests.faults.proxy import Proxy

NODES = 3
END_SECONDS = 120.0


class Broker:
    """One broker that can be killed and started again on its data.

    Args:
        folder: where it keeps its data; made if it is missing.
        port: for clients.
        controller_port: for brokers.
        more: see `stream.broker.options.BrokerOptions.properties`.
    """

    def __init__(self, folder: Path, *, port: int, controller_port: int, more: Mapping[str, str]) -> None:
        self.address = f"{HOST}:{port}"
        self._folder = DataFolder(folder)
        self._node = Node(self._folder, embedded_java(), port=port, controller_port=controller_port, properties=more)

    def format(self, cluster_id: str) -> None:
        """Prepare its folder for a cluster."""
        settings = self._folder.path / "format.properties"
        self._node._write_properties(self._folder.topics)
        self._folder.properties.rename(settings)
        java = embedded_java()
        words = java.command(FORMATTER, "format", "--cluster-id", cluster_id, "--config", str(settings))
        subprocess.run(words, cwd=java.cwd, check=True, capture_output=True, timeout=60)

    def start(self) -> None:
        """Start, and return once it answers."""
        self._node.start(check=lambda: None)

    def wait_for_its_end(self) -> None:
        """Wait until it gives up by itself."""
        deadline = time.monotonic() + END_SECONDS
        while self._node.exit_code is None:
            assert time.monotonic() < deadline, f"the broker still runs after {END_SECONDS} s"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it with SIGKILL; returns when it is dead."""
        self._node.kill()

    def close(self) -> None:
        """End it, and leave its folder."""
        self._node.kill()
        self._folder.release()


@functools.cache
def embedded_java() -> Java:
    """Give the Java and the jars of the embedded Kafka."""
    settings = BrokerSettings()
    cache_dir = settings.cache_dir.resolve() / f"kafka-{KAFKA_VERSION}"
    jars = install_jars(cache_dir / "jars", repository=settings.maven_repository, jars_dir=settings.jars_dir)
    cache = StartUpCache(cache_dir / "start-up", jars).find()
    java = Java(tuple(jars))
    return java if cache is None else java.with_flags(f"-XX:AOTCache={cache}")


@contextlib.contextmanager
def one_broker(folder: Path, more: Mapping[str, str] = MappingProxyType({})) -> Iterator[Broker]:
    """Run a broker, with more of Kafka's settings."""
    port, controller_port = free_ports(2)
    with contextlib.closing(Broker(folder, port=port, controller_port=controller_port, more=more)) as made:
        made.start()
        yield made


@contextlib.contextmanager
def broker_behind_proxy(folder: Path) -> Iterator[tuple[Broker, Proxy]]:
    """Run a broker with a second listener, for those who come by a proxy: it tells them to come by it again."""
    port, behind_proxy, controller_port = free_ports(3)
    with Proxy(behind_proxy) as proxy:
        more = {
            "listeners": f"WORKERS://{HOST}:{behind_proxy}",
            "advertised.listeners": f"WORKERS://{HOST}:{proxy.port}",
            "listener.security.protocol.map": "WORKERS:PLAINTEXT",
        }
        with contextlib.closing(Broker(folder, port=port, controller_port=controller_port, more=more)) as made:
            made.start()
            yield made, proxy


@contextlib.contextmanager
def three_brokers(folder: Path) -> Iterator[list[Broker]]:
    """Run a cluster of three, with three copies of all and an acknowledgement of two."""
    found = free_ports(2 * NODES)
    ports, controller_ports = found[:NODES], found[NODES:]
    voters = ",".join(f"{number}@{HOST}:{port}" for number, port in enumerate(controller_ports, 1))
    with contextlib.ExitStack() as running:
        brokers = [
            running.enter_context(
                contextlib.closing(
                    Broker(
                        folder / f"broker-{number}",
                        port=port,
                        controller_port=controller_port,
                        more={
                            "node.id": str(number),
                            "controller.quorum.voters": voters,
                            "default.replication.factor": str(NODES),
                            "min.insync.replicas": "2",
                            "offsets.topic.replication.factor": str(NODES),
                            "transaction.state.log.replication.factor": str(NODES),
                            "transaction.state.log.min.isr": "2",
                            "share.coordinator.state.topic.replication.factor": str(NODES),
                            "broker.session.timeout.ms": "6000",
                        },
                    )
                )
            )
            for number, (port, controller_port) in enumerate(zip(ports, controller_ports, strict=True), 1)
        ]
        cluster_id = new_cluster_id()
        with ThreadPoolExecutor(NODES) as together:  # none is ready before two are
            list(together.map(lambda one: one.format(cluster_id), brokers))
            list(together.map(Broker.start, brokers))
        yield brokers

"""`make up`: all becomes healthy and works, nobody in a container may more than it needs, `make down` leaves nothing."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors
import httpx
import pytest
import yaml
from docker.models.containers import Container
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

import tickertape

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_500)]

ROOT = Path(tickertape.__file__).parents[1]
IMAGES = {
    name: service["image"]
    for name, service in yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"].items()
}
SERVICES = {"kafka": 1, "mlflow": 1, "worker": 2, "api": 1, "drift": 1}
OURS = ("mlflow", "worker", "api", "drift")
WATCHING = ("prometheus", "grafana")
PORTS = ("KAFKA_PORT", "API_PORT", "MLFLOW_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT")
BUILD_SECONDS = 1_200.0  # it installs two hundred packages
PATIENCE_SECONDS = 240.0
TWEETS = [f'{{"id": "{number}", "text": "$TSLA sinks 8% after deliveries miss"}}' for number in range(1, 401)]


@dataclass(frozen=True)
class System:
    """One `docker-compose up`.

    Attributes:
        client: of the engine.
        command: what runs compose.
        project: its name.
        ports: by the variables of the compose file.
    """

    client: docker.DockerClient
    command: Sequence[str]
    project: str
    ports: dict[str, int]

    def compose(self, *arguments: str, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        environment = os.environ | {name: str(port) for name, port in self.ports.items()}
        done = subprocess.run(
            [*self.command, "--project-name", self.project, "--profile", "watch", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5_000:]

    def up(self, services: Sequence[str]) -> None:
        """Start services, and wait until all their containers are healthy."""
        self.compose("up", "--build", "--detach", *services, timeout_seconds=BUILD_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while unwell := [one for name in services for one in self.containers(name) if health(one) != "healthy"]:
            assert time.monotonic() < deadline, "\n".join(f"{one.name} {health(one)}:\n{log(one)}" for one in unwell)
            time.sleep(1)

    def containers(self, *services: str) -> list[Container]:
        """Give the containers of some services, or of all."""
        found = self.client.containers.list(all=True, filters=self._ours)
        return [one for one in found if not services or one.labels["com.docker.compose.service"] in services]

    @property
    def volumes(self) -> list[str]:
        """Name the volumes that are there: those of the project, and those without a name that its containers use."""
        mounted = {mount["Name"] for one in self.containers() for mount in one.attrs["Mounts"] if "Name" in mount}
        return sorted(mounted | {str(volume.name) for volume in self.client.volumes.list(filters=self._ours)})

    @property
    def networks(self) -> list[str]:
        return [str(network.name) for network in self.client.networks.list(filters=self._ours)]

    @property
    def _ours(self) -> dict[str, str]:
        return {"label": f"com.docker.compose.project={self.project}"}

    @property
    def kafka(self) -> str:
        return f"localhost:{self.ports['KAFKA_PORT']}"

    def get(self, port: str, path: str, *, body: Any = None) -> bytes:
        """Ask as a program on this machine does; with a body, by POST."""
        url = f"http://localhost:{self.ports[port]}{path}"
        answer = httpx.get(url, timeout=30) if body is None else httpx.post(url, json=body, timeout=30)
        answer.raise_for_status()
        return answer.content


def compose_command() -> list[str]:
    """Give what runs compose files here, as the Makefile chooses it; nothing where there is none."""
    docker_program, older_program = shutil.which("docker"), shutil.which("docker-compose")
    if docker_program is not None:
        plugin = subprocess.run([docker_program, "compose", "version"], capture_output=True, check=False)
        if plugin.returncode == 0:
            return [docker_program, "compose"]
    return [] if older_program is None else [older_program]


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def health(container: Container) -> str:
    container.reload()
    state = container.attrs["State"]
    status: str = state.get("Health", {}).get("Status", "without a health check")
    return status if state["Status"] == "running" else str(state["Status"])


def log(container: Container) -> str:
    return container.logs(tail=60).decode("utf-8", "replace")


def wait_until(is_true: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, f"{what} in {PATIENCE_SECONDS:g} s"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """Build the image, start all but what watches, wait until it is healthy; take everything away at the end."""
    if not (command := compose_command()):
        pytest.skip("NO COMPOSE HERE: install Docker's compose plugin, or Debian's docker-compose")
    try:
        client = docker.from_env()
    except docker.errors.DockerException as exc:
        pytest.skip(f"NO DOCKER ENGINE HERE ({type(exc).__name__})")
    with contextlib.closing(client):
        started = System(
            client, command, f"tickertape-test-{uuid.uuid4().hex[:8]}", {name: find_free_port() for name in PORTS}
        )
        try:
            started.up(list(SERVICES))
            yield started
        finally:
            started.compose("down", "--volumes")


def test_every_process_becomes_healthy(system: System) -> None:
    healthy = {name: [health(one) for one in system.containers(name)] for name in SERVICES}

    assert healthy == {name: ["healthy"] * count for name, count in SERVICES.items()}


def test_what_goes_in_comes_out_classified(system: System) -> None:
    producer = KafkaProducer(bootstrap_servers=system.kafka, acks="all")
    for tweet in TWEETS:
        producer.send("tweets.raw", value=tweet.encode())
    producer.close()

    with contextlib.closing(KafkaConsumer(bootstrap_servers=system.kafka, auto_offset_reset="earliest")) as consumer:
        partitions = [TopicPartition("tweets.classified", number) for number in range(4)]
        consumer.assign(partitions)
        wait_until(lambda: sum(consumer.end_offsets(partitions).values()) >= len(TWEETS), what="not all was classified")
        answers: list[dict[str, Any]] = []
        while len(answers) < len(TWEETS):
            answers += [json.loads(row.value) for rows in consumer.poll(timeout_ms=500).values() for row in rows]

    assert {answer["id"] for answer in answers} == {str(number) for number in range(1, len(TWEETS) + 1)}
    assert {(*answer["tickers"], answer["sentiment"]) for answer in answers} == {("TSLA", "bearish")}


def test_both_workers_share_the_partitions(system: System) -> None:
    with contextlib.closing(KafkaAdminClient(bootstrap_servers=system.kafka)) as admin:

        def members() -> list[Any]:
            (group,) = admin.describe_groups(["tickertape"]).values()
            return list(group["members"])

        wait_until(lambda: len(members()) == SERVICES["worker"], what="not both workers are in the group")


def test_api_answers_and_what_people_label_is_learned(system: System) -> None:
    text = {"text": "$TSLA sinks 8% after deliveries miss"}

    def answer() -> Any:
        return json.loads(system.get("API_PORT", "/predict", body=text))["predictions"][0]

    first = answer()
    taken = json.loads(
        system.get("API_PORT", "/feedback", body={"feedback": [{"tweet_id": "1", "sentiment": "bearish", **text}]})
    )

    assert (first["sentiment"], first["model"]["online_version"]) == ("bearish", 0)
    assert taken == {"accepted": 1}
    wait_until(lambda: answer()["model"]["online_version"] == 1, what="what was labelled was not learned")


def test_live_page_loads_with_its_files(system: System) -> None:
    page = system.get("API_PORT", "/").decode()
    files = re.findall(r'(?:src|href)="(page/[^"]+)"', page)

    assert "<title>" in page
    assert len(files) >= 3
    assert all(len(system.get("API_PORT", f"/{file}")) > 100 for file in files)


def test_registry_answers_on_the_port_that_was_chosen(system: System) -> None:
    found = json.loads(system.get("MLFLOW_PORT", "/api/2.0/mlflow/experiments/search", body={"max_results": 5}))

    assert [experiment["name"] for experiment in found["experiments"]] == ["Default"]


def test_no_start_compiles_what_the_image_has_compiled(system: System) -> None:
    logs = [one.logs().decode() for one in system.containers("worker", "api")]

    assert all("kernel_ready" in text for text in logs)
    assert not any("kernel_compiling" in text or "kernel_cache_not_usable" in text for text in logs)


@pytest.mark.parametrize("service", OURS)
def test_container_has_no_rights_and_nothing_to_build_with(system: System, service: str) -> None:
    program = """
set -u
id -u
grep -E '^(CapEff|CapBnd|NoNewPrivs):' /proc/1/status | tr -d '\\t'
for path in / /opt/tickertape/bin /usr/bin /var/lib/tickertape /etc; do
  touch "$path/written" 2>/dev/null && echo "wrote $path"
done
touch /tmp/written && echo "wrote /tmp"
for tool in pip pip3 uv gcc cc make git apt-get-install curl wget; do command -v "$tool"; done
for module in pip setuptools ensurepip; do python -c "import $module" 2>/dev/null && echo "imports $module"; done
exit 0
"""
    (container, *_) = system.containers(service)

    done = container.exec_run(["sh", "-c", program])

    assert done.output.decode().split("\n")[:-1] == [
        "999",
        "CapEff:0000000000000000",
        "CapBnd:0000000000000000",
        "NoNewPrivs:1",
        "wrote /tmp",
    ]


def test_kafka_runs_without_rights_of_root(system: System) -> None:
    (container,) = system.containers("kafka")

    done = container.exec_run(["sh", "-c", "id -u; grep -E '^(CapBnd|NoNewPrivs):' /proc/1/status | tr -d '\\t'"])

    user, *rights = done.output.decode().split()
    assert user != "0"
    assert rights == ["CapBnd:0000000000000000", "NoNewPrivs:1"]


def test_ports_are_open_to_this_machine_alone(system: System) -> None:
    bound = [
        binding["HostIp"]
        for one in system.containers()
        for bindings in one.attrs["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    ]

    assert bound == ["127.0.0.1"] * 3


def test_prometheus_sees_every_process_and_grafana_has_the_dashboard(system: System) -> None:
    for name in WATCHING:
        try:
            system.client.images.get(IMAGES[name])
        except docker.errors.ImageNotFound:
            pytest.skip(f"the Docker engine has no {IMAGES[name]}: docker pull {IMAGES[name]}")
    system.up(WATCHING)

    def healthy() -> dict[str, int]:
        targets = json.loads(system.get("PROMETHEUS_PORT", "/api/v1/targets"))["data"]["activeTargets"]
        jobs = [target["labels"]["job"] for target in targets if target["health"] == "up"]
        return {job: jobs.count(job) for job in jobs}

    wait_until(lambda: healthy() == {"worker": 2, "api": 1, "drift": 1}, what="not all is scraped")
    assert b"Tickertape" in system.get("GRAFANA_PORT", "/api/search?query=Tickertape")


def test_down_leaves_no_container_no_volume_and_no_network(system: System) -> None:
    volumes = system.volumes
    assert len(volumes) >= len(["kafka", "mlflow", "reports"]) + len(system.containers(*OURS))

    system.compose("down", "--volumes")

    assert system.containers() == []
    assert system.networks == []
    left = {str(volume.name) for volume in system.client.volumes.list()}
    assert [name for name in volumes if name in left] == []

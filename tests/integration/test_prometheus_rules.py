"""Prometheus' own promtool judges the rules: from PATH, or from the image that the compose file names."""

import contextlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import docker
import docker.errors
import pytest
import yaml

import monitoring.metrics

FOLDER = Path(monitoring.metrics.__file__).parent / "prometheus"
COMPOSE = FOLDER.parents[1] / "docker-compose.yml"
PROMTOOL_SECONDS = 120
IN_CONTAINER = "/etc/prometheus"

Promtool = Callable[..., "subprocess.CompletedProcess[str]"]


def image_problem(image: str) -> str:
    """Say why the image can't be run, or nothing."""
    try:
        client = docker.from_env()
    except docker.errors.DockerException as exc:
        return f"no Docker engine answers ({type(exc).__name__})"
    with contextlib.closing(client):
        try:
            client.images.get(image)
        except docker.errors.ImageNotFound:
            return f"the Docker engine has no {image}"
    return ""


@pytest.fixture(scope="module")
def promtool() -> Promtool:
    """Give a function that runs promtool in the folder of the rules."""
    command = ["promtool"]
    if shutil.which("promtool") is None:
        image = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["prometheus"]["image"]
        problem = image_problem(image)
        if problem:
            pytest.skip(f"promtool is not on PATH, and {problem}: install Prometheus, or docker pull {image}")
        mount = ["--volume", f"{FOLDER}:{IN_CONTAINER}:ro", "--workdir", IN_CONTAINER]
        command = ["docker", "run", "--rm", *mount, "--entrypoint", "promtool", image]

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*command, *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=PROMTOOL_SECONDS, check=False
        )

    return run


def test_configuration_of_prometheus_is_valid(promtool: Promtool) -> None:
    result = promtool("check", "config", "prometheus.yml")

    assert result.returncode == 0, result.stdout + result.stderr


def test_alerts_fire_when_they_should_and_only_then(promtool: Promtool) -> None:
    result = promtool("test", "rules", "alerts_test.yml")

    assert result.returncode == 0, result.stdout + result.stderr

"""Java's start-up cache: made beside a broker, used by the next, and given up when it is damaged."""

import hashlib
import shutil
import sys
import threading
import time
from pathlib import Path

import pytest

from stream.broker import BrokerOptions, EmbeddedKafka, Step
from tests.integration.broker.asking import NOWHERE
from tests.processes import is_running

pytestmark = [pytest.mark.integration]


@pytest.mark.slow
def test_start_up_cache_is_made_beside_the_broker_used_by_the_next_and_given_up_when_damaged(
    tmp_path: Path, cache_dir: Path
) -> None:
    shutil.copytree(cache_dir / "kafka-4.3.1" / "jars", tmp_path / "cache" / "kafka-4.3.1" / "jars")
    steps: list[tuple[Step, int, int]] = []
    made = threading.Event()

    def progress(*step: object) -> None:
        steps.append(step)  # type: ignore[arg-type]  # as `Progress` says
        if step[0] is Step.FAST_START and step[1:] != (0, 1):
            made.set()

    options = BrokerOptions(
        data_dir=tmp_path / "kafka",
        cache_dir=tmp_path / "cache",
        maven_repository=NOWHERE,
        fast_start_after_seconds=0,
    )
    with EmbeddedKafka(options, progress=progress):
        assert made.wait(240)
    assert steps == [(Step.START, 0, 1), (Step.START, 1, 1), (Step.FAST_START, 0, 1), (Step.FAST_START, 1, 1)]
    folder = tmp_path / "cache" / "kafka-4.3.1" / "start-up"
    (cache,) = folder.glob("*.aot")
    assert {path.name for path in folder.iterdir()} == {cache.name, "making.lock"}

    # Used by the next: it has the file in its memory.
    with EmbeddedKafka(options) as kafka:
        if sys.platform == "linux":
            assert cache.name in Path(f"/proc/{kafka.pid}/maps").read_text()

    # Damaged in a way that its name does not tell: Java crashes, and the broker starts without it.
    content = bytearray(cache.read_bytes())
    for place in range(2_000_000, len(content), 1_000_003):
        content[place] ^= 255
    cache.unlink()
    key = cache.stem.partition("-")[0]
    damaged = folder / f"{key}-{hashlib.sha256(content).hexdigest()[:16]}.aot"
    damaged.write_bytes(content)
    with EmbeddedKafka(BrokerOptions(**vars(options) | {"fast_start_after_seconds": None})) as kafka:
        assert is_running(kafka.pid)
    assert not damaged.exists()


@pytest.mark.slow
def test_start_up_cache_in_the_making_does_not_hold_up_the_stop(tmp_path: Path, cache_dir: Path) -> None:
    shutil.copytree(cache_dir / "kafka-4.3.1" / "jars", tmp_path / "cache" / "kafka-4.3.1" / "jars")
    steps: list[tuple[Step, int, int]] = []
    begun = threading.Event()

    def progress(*step: object) -> None:
        steps.append(step)  # type: ignore[arg-type]  # as `Progress` says
        if step[0] is Step.FAST_START:
            begun.set()

    options = BrokerOptions(data_dir=tmp_path / "kafka", cache_dir=tmp_path / "cache", fast_start_after_seconds=0)
    with EmbeddedKafka(options, progress=progress):
        assert begun.wait(60)
        time.sleep(0.5)  # let it get into its work

    assert steps[-1] == (Step.FAST_START, 0, 0)
    leftovers = {path.name for path in (tmp_path / "cache" / "kafka-4.3.1" / "start-up").iterdir()}
    assert leftovers == {"making.lock"}

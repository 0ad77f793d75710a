import socket
from pathlib import Path

from monitoring.metrics import exposition
from monitoring.processes import ProcessMetrics, merged

GAUGE = b"# HELP open Connections.\n# TYPE open gauge\n"
COUNTER = b"# HELP seen_total Requests.\n# TYPE seen_total counter\n"


def numbers(text: bytes) -> set[str]:
    """Read the processes that have samples."""
    return {line.partition('process="')[2].partition('"')[0] for line in text.decode().splitlines() if line[0] != "#"}


def test_each_family_is_described_once_and_has_the_samples_of_all() -> None:
    first = GAUGE + b"open 3.0\n" + COUNTER + b'seen_total{route="/{id} a",status="200"} 7.0\n'
    second = COUNTER + b'seen_total{route="/",status="200"} 1e+06\n' + GAUGE + b"open 0.0\n"

    text = merged({10: second, 2: first})

    assert text == (
        GAUGE
        + b'open{process="2"} 3.0\nopen{process="10"} 0.0\n'
        + COUNTER
        + b'seen_total{process="2",route="/{id} a",status="200"} 7.0\n'
        + b'seen_total{process="10",route="/",status="200"} 1e+06\n'
    )


def test_family_without_samples_in_one_process_is_not_described_twice() -> None:
    assert merged({1: GAUGE, 2: GAUGE + b"open 1.0\n"}) == GAUGE + b'open{process="2"} 1.0\n'


def test_family_that_is_described_in_other_words_keeps_those_of_the_first() -> None:
    newer = b"# HELP open Open connections.\n# TYPE open gauge\nopen 1.0\n"

    assert merged({1: GAUGE + b"open 2.0\n", 2: newer}) == GAUGE + b'open{process="1"} 2.0\nopen{process="2"} 1.0\n'


def test_each_process_gives_the_metrics_of_all(tmp_path: Path) -> None:
    first, second = ProcessMetrics(tmp_path, 1), ProcessMetrics(tmp_path, 2)
    first.answer()
    second.answer()

    assert numbers(first.exposition()) == numbers(second.exposition()) == {"1", "2"}
    names = {line.split("{")[0] for line in first.exposition().decode().splitlines() if line[0] != "#"}
    own = {line.split("{")[0].split(" ")[0] for line in exposition().decode().splitlines() if line[0] != "#"}
    assert names == own


def test_process_that_has_died_is_left_out_and_its_successor_is_there(tmp_path: Path) -> None:
    living = ProcessMetrics(tmp_path, 1)
    living.answer()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "2.sock"))

    assert numbers(living.exposition()) == {"1"}
    ProcessMetrics(tmp_path, 2).answer()
    assert numbers(living.exposition()) == {"1", "2"}


def test_process_that_hangs_is_left_out(tmp_path: Path) -> None:
    living = ProcessMetrics(tmp_path, 1)
    living.answer()
    with socket.socket(socket.AF_UNIX) as hangs:
        hangs.bind(str(tmp_path / "2.sock"))
        hangs.listen()

        assert numbers(living.exposition()) == {"1"}

"""The words of `tickertape broker`."""

import argparse
from pathlib import Path

import pytest

from config.settings import BrokerSettings, ProjectSettings
from stream.broker import BrokerOptions
from stream.commands import broker


def _parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    broker.add_arguments(parser)
    return parser.parse_args(words)


def _options(*words: str) -> BrokerOptions:
    settings = BrokerSettings(cache_dir=Path("/cache"), heap_mb=300, maven_repository="https://jars.example.org")
    return broker._options(_parse(*words), ProjectSettings(home=Path("/home")), settings)


def test_options_come_from_the_settings() -> None:
    assert _options() == BrokerOptions(
        data_dir=Path("/home/kafka"),
        cache_dir=Path("/cache"),
        port=None,
        heap_mb=300,
        maven_repository="https://jars.example.org",
        jars_dir=None,
    )


def test_words_of_the_command_line_win_over_the_settings() -> None:
    options = _options("--port", "1234", "--data-dir", "/data", "--jars", "/jars", "--heap-mb", "1024")

    assert (options.port, options.data_dir, options.jars_dir, options.heap_mb) == (
        1234,
        Path("/data"),
        Path("/jars"),
        1024,
    )


@pytest.mark.parametrize("words", [["--port", "0"], ["--port", "65536"], ["--port", "x"], ["--heap-mb", "127"]])
def test_wrong_number_is_wrong_use(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        _parse(*words)

    assert left.value.code == 2
    assert f"{words[1]!r} is no " in capsys.readouterr().err

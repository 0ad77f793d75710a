import argparse

import pytest

from api.commands.serve import add_arguments


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_arguments(parser)
    return parser.parse_args(words)


def test_without_words_one_process_takes_its_address_from_the_settings() -> None:
    assert vars(parsed()) == {"host": None, "port": None, "workers": 1, "reload": False, "quality": None, "json": False}


def test_workers_without_a_number_leaves_it_to_the_settings() -> None:
    assert parsed("--workers").workers is None
    assert parsed("--workers", "3").workers == 3


@pytest.mark.parametrize(
    "words",
    [
        ("--port", "65536"),
        ("--port", "-1"),
        ("--port", "http"),
        ("--port", "²"),
        ("--port", "9" * 5000),
        ("--workers", "0"),
        ("--workers", "65"),
        ("--workers", "2", "--reload"),
        ("8000",),
    ],
)
def test_wrong_words_are_wrong_use(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*words)

    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err

import argparse
import json
from pathlib import Path

import pytest

from api.access.key_file import named_keys
from api.access.keys import KeyRing, read_keys
from api.commands.keys import add_arguments, run
from models.errors import ApiError


def called(*words: str) -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_arguments(parser)
    return run(parser.parse_args(words))


@pytest.fixture(autouse=True)
def no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_KEYS_FILE", raising=False)


def test_a_new_key_is_shown_with_the_line_to_put_into_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("new", "desk-7", "--roles", "read, feedback") == 0

    _, shown, where, line = capsys.readouterr().out.splitlines()
    keys, wrong = read_keys([(1, line)])
    assert wrong == []
    assert where == "add this line to the file of keys (API_KEYS_FILE):"
    assert KeyRing(keys).find(shown.encode()) == keys[0]
    assert line.startswith("desk-7:read,feedback:")


def test_a_program_gets_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    called("new", "desk-7", "--roles", "read", "--json")

    made = json.loads(capsys.readouterr().out)
    assert set(made) == {"name", "key", "line"}
    assert KeyRing(read_keys([(1, made["line"])])[0]).find(made["key"].encode()) is not None


def test_a_key_is_made_listed_and_revoked_in_the_file_of_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys.txt"
    monkeypatch.setenv("API_KEYS_FILE", str(file))

    called("new", "desk-7", "--roles", "read,predict")
    called("new", "desk-8", "--roles", "feedback")
    made = capsys.readouterr().out
    called("list")
    listed = capsys.readouterr().out
    called("revoke", "desk-7")
    revoked = capsys.readouterr()

    assert f"this line is in {file} now:" in made
    assert listed == "desk-7\tpredict,read\ndesk-8\tfeedback\n"
    assert revoked.err == "desk-7 is revoked: running servers refuse it within two seconds\n"
    assert [key.name for key in named_keys(file)] == ["desk-8"]


def test_without_a_file_there_is_nothing_to_list() -> None:
    with pytest.raises(ApiError, match="--file or API_KEYS_FILE"):
        called("list")


@pytest.mark.parametrize(
    "words",
    [
        ("new", "desk-7"),
        ("new", "desk 7", "--roles", "read"),
        ("new", "desk:7", "--roles", "read"),
        ("new", "desk-7", "--roles", "admin"),
        ("new", "desk-7", "--roles", ""),
        ("revoke",),
        ("lose", "desk-7"),
        (),
    ],
)
def test_wrong_words_are_wrong_use(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        called(*words)

    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err

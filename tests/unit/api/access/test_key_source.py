import logging
import os
from pathlib import Path

import pytest

from api.access import key_source
from api.access.key_source import MAX_FILE_BYTES, KeySource, check_keys, is_readable_by_all
from api.access.keys import Role, new_key
from models.errors import ApiError

SHOWN, KEY = new_key("desk", [Role.READ])
OTHER_SHOWN, OTHER = new_key("other", [Role.READ])


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_source, "SETTLE_SECONDS", 0.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.txt"
    path.write_text(f"{KEY.line}\n{OTHER.line}\n")
    return path


def names_of(source: KeySource) -> list[str]:
    shown = {"desk": SHOWN, "other": OTHER_SHOWN}
    return [name for name, key in shown.items() if source.ring.find(key.encode())]


def loaded(given: str, file: Path | None) -> KeySource:
    source = KeySource(given, file)
    source.load()
    return source


def test_keys_of_setting_and_file_count_together(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(OTHER.line)

    assert names_of(loaded(KEY.line, path)) == ["desk", "other"]
    assert names_of(loaded(f" {KEY.line}\n {OTHER.line} ", None)) == ["desk", "other"]


def test_a_key_that_was_taken_out_of_the_file_is_refused_after_the_next_look(file: Path) -> None:
    source = loaded("", file)
    file.write_text(f"# {KEY.line}\n{OTHER.line}\n")

    source.poll()

    assert names_of(source) == ["other"]


def test_a_key_that_was_added_counts_after_the_next_look(file: Path) -> None:
    file.write_text(OTHER.line)
    source = loaded("", file)
    file.write_text(f"{OTHER.line}\n{KEY.line}\n")

    source.poll()

    assert names_of(source) == ["desk", "other"]


def test_a_file_that_is_gone_has_no_keys_and_is_told_of_once(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = loaded("", file)
    file.unlink()

    with caplog.at_level(logging.INFO):
        source.poll()
        source.poll()

    assert names_of(source) == []
    assert [record.getMessage() for record in caplog.records] == ["keys_file_unreadable", "keys_read"]

    file.write_text(OTHER.line)
    source.poll()

    assert names_of(source) == ["other"]


def test_a_file_that_is_being_written_is_not_taken_as_empty(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = loaded("", file)
    whole = file.read_text() + "# a comment\n"
    file.write_text("")
    monkeypatch.setattr(key_source.time, "sleep", lambda _: file.write_text(whole))

    source.poll()

    assert names_of(source) == ["desk", "other"]


def test_a_wrong_line_of_a_changed_file_is_no_key_and_the_others_are(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = loaded("", file)
    file.write_text(f"{KEY.line}\nother:everything:{OTHER.digest.hex()}\n")

    with caplog.at_level(logging.ERROR):
        source.poll()

    assert names_of(source) == ["desk"]
    [record] = caplog.records
    assert (record.getMessage(), vars(record)["lines"]) == ("keys_lines_ignored", [2])
    assert OTHER.digest.hex() not in str(vars(record))


def test_of_a_name_that_both_have_the_setting_counts(file: Path) -> None:
    _, again = new_key("other", [Role.PREDICT])

    assert names_of(loaded(again.line, file)) == ["desk"]


def test_right_keys_are_counted_before_a_server_starts(file: Path) -> None:
    _, third = new_key("third", [Role.READ])

    assert check_keys(third.line, file) == 3
    assert check_keys("", None) == 0


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (f"# desks\ndesk:read:{KEY.digest.hex()}x\n", 2, "its hash is not 64"),
        (f"{KEY.line}\n\ndesk:predict:{OTHER.digest.hex()}\n", 3, "another key has the same name"),
        (f"desk:read:{SHOWN}", 1, "it holds a key itself"),
        (f"\ufeffdesk:write:{KEY.digest.hex()}", 1, "its roles"),
    ],
)
def test_a_wrong_line_is_an_error_at_the_start_that_shows_nothing_of_it(
    file: Path, content: str, line: int, reason: str
) -> None:
    file.write_text(content, encoding="utf-8")

    with pytest.raises(ApiError) as raised:
        check_keys("", file)

    assert str(raised.value).startswith(f"API_KEYS_FILE {file}, line {line}: {reason}")
    assert KEY.digest.hex()[:8] not in str(raised.value)
    assert SHOWN[:10] not in str(raised.value)


def test_a_wrong_entry_of_the_setting_is_an_error_at_the_start() -> None:
    with pytest.raises(ApiError, match=r"^API_KEYS, entry 2: it is not name:roles:hash$"):
        check_keys(f"{KEY.line} secret", None)


def test_bytes_that_are_no_text_are_a_wrong_line(file: Path) -> None:
    file.write_bytes(b"desk:read:\xff\xfe\n")

    with pytest.raises(ApiError, match="line 1: its hash"):
        check_keys("", file)


def test_what_is_no_file_of_keys_is_refused_at_the_start(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    large.write_bytes(b"#" * (MAX_FILE_BYTES + 1))

    for path, reason in (
        (tmp_path / "none", "is not there"),
        (tmp_path, "is not there"),
        (pipe, "is not there"),
        (large, "has more than 1048576 bytes"),
        (tmp_path / ("x" * 300), "can't be read"),
    ):
        with pytest.raises(ApiError, match=reason):
            check_keys("", path)


def test_a_file_that_others_may_read_is_told_from_one_they_may_not(file: Path) -> None:
    file.chmod(0o640)
    assert not is_readable_by_all(file)

    file.chmod(0o644)
    assert is_readable_by_all(file)

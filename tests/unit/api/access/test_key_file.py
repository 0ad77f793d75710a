import stat
from pathlib import Path

import pytest

from api.access.key_file import add_key, named_keys, remove_key
from api.access.keys import Role, new_key
from models.errors import ApiError


def made(name: str) -> str:
    return new_key(name, [Role.READ])[1].line


def test_a_file_that_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    _, key = new_key("desk", [Role.READ])

    add_key(path, key)

    assert named_keys(path) == [key]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("before", ["", "# desks\n", f"{made('a')}\n", made("a")])
def test_a_key_is_added_on_a_line_of_its_own(tmp_path: Path, before: str) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(before)
    _, key = new_key("desk", [Role.READ])

    add_key(path, key)

    assert path.read_text().splitlines() == [*before.splitlines(), key.line]


def test_a_name_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(made("desk"))

    with pytest.raises(ApiError, match="has a key named desk"):
        add_key(path, new_key("desk", [Role.PREDICT])[1])


def test_a_key_that_is_revoked_leaves_all_else_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    lines = ["# desks", made("a"), f"  desk:wrong:roles  # {'x' * 20}", "", made("desk-2")]
    path.write_text("\n".join(lines))
    path.chmod(0o640)

    remove_key(path, "desk")

    assert path.read_text().split("\n") == [lines[0], lines[1], lines[3], lines[4]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    path, link = tmp_path / "keys.txt", tmp_path / "link"
    path.write_text(made("desk"))
    link.symlink_to(path)

    remove_key(link, "desk")

    assert link.is_symlink()
    assert path.read_text() == ""


def test_a_name_that_is_not_there_is_no_success(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(made("desk"))

    with pytest.raises(ApiError, match="has no key named des:"):
        remove_key(path, "des")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="can't be written: No such file"):
        add_key(tmp_path / "none" / "keys.txt", new_key("desk", [Role.READ])[1])

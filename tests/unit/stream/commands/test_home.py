from pathlib import Path

import pytest

from models.errors import SettingsError
from stream.commands.home import home_folder


def test_folder_is_made_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKERTAPE_HOME", str(tmp_path / "home"))

    folder = home_folder("demo", "kafka")

    assert folder == tmp_path / "home" / "demo" / "kafka"
    assert folder.is_dir()


def test_home_that_is_a_file_is_told_by_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("TICKERTAPE_HOME", str(file))

    with pytest.raises(SettingsError, match=f"^TICKERTAPE_HOME={file} can't be used"):
        home_folder("demo")

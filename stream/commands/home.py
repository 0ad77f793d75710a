"""The folder that TICKERTAPE_HOME names, for the doors."""

from pathlib import Path

from config.settings import ProjectSettings
from models.errors import SettingsError


def home_folder(*parts: str) -> Path:
    """Give a folder in it, made if it is missing.

    Args:
        parts: its name, below the other folders.

    Raises:
        SettingsError: it can't be made.
    """
    home = ProjectSettings().home
    folder = home.joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SettingsError(
            f"TICKERTAPE_HOME={home} can't be used ({exc.strerror}): name a folder that can be written"
        ) from exc
    return folder

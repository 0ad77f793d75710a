"""Whether a file of data is there."""

from pathlib import Path

from models.errors import DataNotFoundError


def require_file(path: Path) -> None:
    """Check that a file can be opened.

    Raises:
        DataNotFoundError: it is not there, is a folder, or may not be read.
    """
    try:
        path.open("rb").close()
    except FileNotFoundError as exc:
        raise DataNotFoundError(
            f"{path} is not there: give a file that is, or get the labelled tweets with `tickertape fetch-data`"
        ) from exc
    except OSError as exc:
        raise DataNotFoundError(f"{path} can't be read: {exc.strerror}") from exc

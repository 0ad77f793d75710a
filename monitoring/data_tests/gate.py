"""The gate before training: nothing is learnt from labelled tweets that break what is expected of them."""

from pathlib import Path

from models.data.dataset import TRAIN_FILES
from models.errors import DataError
from monitoring.data_tests.files import require_file
from monitoring.data_tests.limits import Kind

SHOWN_FINDINGS = 3  # one wrong column breaks most of what is expected


def require_good_tweets(folder: Path) -> None:
    """Test the training files of a folder.

    Raises:
        DataNotFoundError: a file is not there.
        DataError: a file breaks an expectation, can't be read, or Great Expectations is not installed; the message
            names the rows, never a text.
    """
    for name in TRAIN_FILES:
        require_file(folder / name)
    try:
        from monitoring.expectations.labelled import validate  # noqa: PLC0415  # costs seconds, may be absent
    except ModuleNotFoundError as exc:
        raise DataError(
            f"training tests its data first and needs {exc.name}, which is not installed here; run `make venv`"
        ) from exc
    for name, kind in zip(TRAIN_FILES, (Kind.TOPIC, Kind.SENTIMENT), strict=True):
        broken = [outcome for outcome in validate(folder / name, kind) if not outcome.success]
        if broken:
            shown = [f"{outcome.expectation}: {outcome.finding()}" for outcome in broken[:SHOWN_FINDINGS]]
            if len(broken) > SHOWN_FINDINGS:
                listing = f"python -m monitoring validate {folder / name} --kind {kind}"
                shown.append(f"and {len(broken) - SHOWN_FINDINGS} more, which `{listing}` lists")
            raise DataError(
                f"{folder / name} breaks what is expected, so nothing was trained; correct it: {'; '.join(shown)}"
            )

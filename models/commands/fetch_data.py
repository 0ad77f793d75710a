"""Download the public labelled tweets: topics and sentiment, training and validation split.

Four CSV files with the columns text,label come from the public hub into the data folder. Their columns, rows,
labels and sha256 are checked, and the hashes are kept in SHA256SUMS beside them. Files that are there already are
checked without any network. `tickertape train` reads the folder.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import ProjectSettings
from models.data.hub import Fetched, Hub, Progress, fetch_files, pinned_sums
from models.data.published import FILES
from models.errors import DownloadError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `fetch-data`."""
    parser.add_argument(
        "--data-dir", type=_folder, metavar="DIR", help="folder for the files (default: TICKERTAPE_DATA_DIR, or data)"
    )
    parser.add_argument(
        "--accept-changed",
        action="store_true",
        help="take files whose bytes differ from the known sha256, as long as columns, rows and labels are right",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Fetch and check the files; returns 0."""
    settings = ProjectSettings()
    folder: Path = settings.data_dir if arguments.data_dir is None else arguments.data_dir
    pinned = {} if arguments.accept_changed else pinned_sums(folder)
    fetched: list[Fetched] = []
    try:
        with _progress() as progress:
            fetched.extend(fetch_files(folder, Hub(settings.hub_url), pinned=pinned, progress=progress))
    except KeyboardInterrupt:
        # Not the quiet end that Ctrl-C is elsewhere: a script that goes on to train must not think all is there.
        raise DownloadError(
            f"interrupted: {len(fetched)} of {len(FILES)} files are in {folder}; run it again for the rest"
        ) from None
    sys.stdout.write(_as_json(folder, fetched) if arguments.json else _as_text(folder, fetched))
    return 0


def _folder(name: str) -> Path:
    if not name:  # an unset variable of a script; the current folder is written as a dot
        raise argparse.ArgumentTypeError("the name of the folder is empty")
    return Path(name).expanduser()


def _as_json(folder: Path, fetched: list[Fetched]) -> str:
    return json.dumps({"folder": str(folder), "files": [dataclasses.asdict(file) for file in fetched]}) + "\n"


def _as_text(folder: Path, fetched: list[Fetched]) -> str:
    lines = [
        f"{file.name:<15}  {file.rows:>6,} rows  {file.size_bytes:>9,} bytes  {file.source:<10}  sha256 {file.sha256}"
        for file in fetched
    ]
    return "\n".join([*lines, f"all in {folder}; next: tickertape train --data-dir {folder}", ""])


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich import progress  # noqa: PLC0415  # costs 0.1 s, which `--help` need not pay
    from rich.console import Console  # noqa: PLC0415  # as above

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bars:
        tasks = {file.name: bars.add_task(file.name, visible=False) for file in FILES}

        def show(name: str, done: int, total: int | None) -> None:
            bars.update(tasks[name], completed=done, total=total, visible=True)

        yield show

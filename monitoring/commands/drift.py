"""Compare two files of classified tweets and say what moved between them.

Both files hold one JSON object a line, as `tickertape tail --json` writes them, classified by the same model. Each
window needs at least 200 tweets. Compared are label, sentiment, both scores, text length, number of tickers, and the
shares with a link, with a cashtag and of retweets. Prints a table and writes drift.html, which holds no tweet text,
into the output folder. Ends with 0 whether there is drift or not; with --json a program reads "drift".

  tickertape tail --from-beginning --count 2000 --json > reference.jsonl
  tickertape tail --count 500 --json > current.jsonl
  tickertape drift report --reference reference.jsonl --current current.jsonl
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from models.errors import DriftError
from monitoring.records import Window, read_window

if TYPE_CHECKING:
    from monitoring.drift import DriftReport

DONE = 0
REPORT_NAME = "drift.html"
SHOWN_LABELS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `drift`."""
    parser.add_argument("action", choices=["report"], metavar="report", help="compare two files once")
    parser.add_argument("--reference", type=Path, required=True, metavar="FILE", help="tweets of a time that was good")
    parser.add_argument("--current", type=Path, required=True, metavar="FILE", help="tweets to compare with them")
    parser.add_argument(
        "--output", type=Path, default=Path("reports"), metavar="DIR", help=f"folder for {REPORT_NAME} (reports)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def run(arguments: argparse.Namespace) -> int:
    """Compare the files, write the page, print what moved."""
    reference, current = read_window(arguments.reference), read_window(arguments.current)
    try:
        from monitoring.drift import compare  # noqa: PLC0415  # imports take seconds, `--help` none
    except ModuleNotFoundError as exc:
        raise DriftError(f"drift needs {exc.name}, which is not installed: run `make venv`") from exc

    report = compare(reference, current)
    path = _write(report.html(), arguments.output)
    show = _as_json if arguments.json else _as_tables
    sys.stdout.write(show(report, reference, current, path))
    return DONE


def _write(page: str, folder: Path) -> Path:
    """Put the page where the last one was, at once: a reader, or Ctrl-C, never leaves half of it."""
    path = folder / REPORT_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", encoding="utf-8", dir=folder, suffix=".html", delete=False) as file:
            unfinished = Path(file.name)
            try:
                file.write(page)
                file.close()
                unfinished.chmod(0o644)  # a temporary file is for its owner's eyes, a report is to be served
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
    except OSError as exc:
        raise DriftError(f"{path} can't be written: {exc.strerror}; choose another folder with --output") from exc
    return path


def _as_json(report: "DriftReport", reference: Window, current: Window, path: Path) -> str:
    answer = {
        "drift": report.drift,
        "columns": [{**dataclasses.asdict(column), "moved": column.moved} for column in report.columns],
        "labels": [dataclasses.asdict(shift) for shift in report.labels],
        "reference": _counts(reference),
        "current": _counts(current),
        "report": str(path),
    }
    return json.dumps(answer) + "\n"


def _counts(window: Window) -> dict[str, int | list[int]]:
    return {
        "tweets": window.tweets_read,
        "compared_tweets": len(window.descriptions),
        "unreadable_lines": window.unreadable_lines,
        "unreadable_line_numbers": list(window.unreadable_line_numbers),
    }


def _as_tables(report: "DriftReport", reference: Window, current: Window, path: Path) -> str:
    lines = [f"{'column':<17}{'test':<20}{'distance':>8}  {'threshold':>9}  moved"]
    lines += [
        f"{column.column:<17}{column.test:<20}{column.distance:>8.3f}  {column.threshold:>9.3f}  "
        f"{'yes' if column.moved else 'no'}"
        for column in report.columns
    ]
    lines += ["", f"{'labels that moved most':<30}{'before':>8}{'after':>9}"]
    lines += [
        f"{shift.label:<30}{shift.reference_share:>8.1%}{shift.current_share:>9.1%}"
        for shift in report.labels[:SHOWN_LABELS]
    ]
    moved = sum(column.moved for column in report.columns)
    verdict = f"drift: {moved} of {len(report.columns)} columns moved" if report.drift else "no drift"
    lines += ["", f"{verdict} ({_size(reference)} before, {_size(current)} after)"]
    lines += _unreadable("reference", reference) + _unreadable("current", current)
    lines += [f"report: {path}"]
    return "\n".join(lines) + "\n"


def _size(window: Window) -> str:
    compared = len(window.descriptions)
    sample = "" if compared == window.tweets_read else f"a sample of {compared:,} of "
    return f"{sample}{window.tweets_read:,} tweets"


def _unreadable(name: str, window: Window) -> list[str]:
    if not window.unreadable_lines:
        return []
    numbers = ", ".join(map(str, window.unreadable_line_numbers))
    more = ", ..." if window.unreadable_lines > len(window.unreadable_line_numbers) else ""
    return [f"{name}: no classified tweet, so left out: {window.unreadable_lines:,} (line {numbers}{more})"]

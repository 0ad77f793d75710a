"""`tickertape drift report` between two files: compare, put the report into the folder, print what moved."""

import shlex
import sys
import time
import zlib
from pathlib import Path

from config.commands import DONE
from config.drift import DriftSettings
from models.errors import WindowTooSmallError
from models.predictor import PRETRAINED
from models.records import ModelVersion
from monitoring.drift.files import TweetFile, read_tweets
from monitoring.drift.monitor import MIN_WINDOW_TWEETS, Monitor, Verdict
from monitoring.drift.records import DriftEvent, Span, event_id
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.reference_file import REFERENCE_FILE, load_reference
from monitoring.drift.reports.putting import put_report
from monitoring.drift.reports.store import ReportStore
from monitoring.drift.telling import Side, as_json, as_tables
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Window, joined

_IDS = 10**8  # of one reference


def report_on_files(reference: Path, current: Path, *, reports: Path | None, with_json: bool) -> int:
    """Compare two files of classified tweets.

    Args:
        reference: tweets of a time when all was well, in the order of their time.
        current: the tweets to compare with them.
        reports: folder for the report; None for that of the settings.
        with_json: print one JSON object instead of tables.

    Raises:
        DataNotFoundError: a file is not there.
        WindowTooSmallError: one has too few tweets.
        DriftError: the report can't be made or written.
    """
    settings = DriftSettings()
    trained = _trained(settings.reference)
    before, after = read_tweets(reference, trained), read_tweets(current, trained)
    _check_size("reference", before)
    _check_size("current", after)
    model = before.models[0]
    compared = reference_of(
        before.windows, trained=trained, model_name=model.name, model_version=model.version, source="a file of tweets"
    )
    window = joined(after.windows)
    verdict = Monitor(compared, malformed_share=settings.malformed_share).judge(window)
    event = _event(
        verdict, compared, window, after.models[0], replay=["--reference", str(reference), "--current", str(current)]
    )
    store = ReportStore((reports or settings.reports_dir).expanduser(), settings.kept_reports)
    put_report(store, event, compared, window, verdict)
    show = as_json if with_json else as_tables
    sys.stdout.write(show(verdict, _side(before), _side(after), store.html(str(event.report))))
    return DONE


def _trained(path: str) -> Vocabulary:
    """Give the words that training saw, of the reference that is set or of the one that ships with the model."""
    return load_reference(Path(path).expanduser() if path else PRETRAINED / REFERENCE_FILE).trained


def _check_size(name: str, file: TweetFile) -> None:
    if file.tweets >= MIN_WINDOW_TWEETS:
        return
    unreadable = ""
    if file.unreadable_lines:
        first = file.unreadable_line_numbers[0]
        unreadable = f" (lines that are no classified tweet: {file.unreadable_lines:,}, the first is line {first})"
    raise WindowTooSmallError(
        f"the {name} window has {file.tweets} tweets{unreadable}; at least {MIN_WINDOW_TWEETS} are needed: take a longer "
        "one"
    )


def _event(
    verdict: Verdict, reference: Reference, window: Window, model: ModelVersion, *, replay: list[str]
) -> DriftEvent:
    content = b"".join(window.numbers[name].tobytes() for name in sorted(window.numbers))
    span = Span(
        number=verdict.number,
        tweets=window.tweets,
        long_tweets=window.tweets,
        dead_letters=0,
        start={},
        end={},
        skipped=0,
        first_at="",
        last_at="",
    )
    return verdict.event(
        span,
        reference=reference,
        model=model,
        replay=shlex.join(["tickertape", "drift", "report", *replay]),
        time=time.time(),
        report=event_id(reference.id, zlib.crc32(content) % _IDS),  # the same files replace their report, no others do
    )


def _side(file: TweetFile) -> Side:
    return Side(
        tweets=file.tweets_read,
        compared_tweets=file.tweets,
        unreadable_lines=file.unreadable_lines,
        unreadable_line_numbers=file.unreadable_line_numbers,
        models=tuple(f"{model.name} {model.version}" for model in file.models),
    )

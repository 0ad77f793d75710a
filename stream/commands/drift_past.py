"""`tickertape drift report` and `reference` of a range of the topic."""

import sys
import time
import zlib
from pathlib import Path

from config.drift import DriftSettings
from config.settings import StreamSettings, TopicSettings
from models.commands.stores import registry_store
from models.errors import ReferenceNotFoundError, WindowTooSmallError
from models.predictor import PRETRAINED
from models.records import ModelVersion
from monitoring.commands.drift_reference import put_reference
from monitoring.drift.files import read_tweets
from monitoring.drift.monitor import MIN_WINDOW_TWEETS, Monitor, Verdict
from monitoring.drift.records import DriftEvent, Span, event_id
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.reference_file import REFERENCE_FILE, load_reference
from monitoring.drift.references.sources import References, references_of
from monitoring.drift.reports.putting import put_report
from monitoring.drift.reports.store import ReportStore
from monitoring.drift.telling import Side, as_json, as_tables
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Window, joined
from stream.commands.cluster import kafka_of_settings
from stream.drift.past import Past, PastTweets
from stream.drift.telling import replay_command
from stream.kafka.ranges import Position, RangeReader
from stream.topics import declare_topics

_IDS = 10**8  # of one reference


def report_on_range(start: Position, end: Position | None, *, reports: Path | None, with_json: bool) -> None:
    """Compare a range of the topic with the reference of the model that answered most of it, and print what moved.

    Raises:
        BrokerError: the range can't be read.
        DataError: it has no tweet, or too many.
        DriftError: there is no reference, too few tweets, or the report can't be made.
    """
    settings = DriftSettings()
    tweets = PastTweets(_reader(start, end))
    reference = _references(settings).of(tweets.model)
    past = tweets.described(reference.trained, window_tweets=settings.window_tweets)
    _check_size(past.tweets)
    window = joined(past.windows)
    verdict = Monitor(reference, malformed_share=settings.malformed_share).judge(window)
    event = _event(past, reference, window, verdict)
    store = ReportStore((reports or settings.reports_dir).expanduser(), settings.kept_reports)
    put_report(store, event, reference, window, verdict)
    show = as_json if with_json else as_tables
    before = Side(reference.tweets, reference.tweets, models=(f"{reference.model_name} {reference.model_version}",))
    after = Side(past.tweets, past.tweets, past.unreadable, models=(_named(past.model),))
    sys.stdout.write(show(verdict, before, after, store.html(str(event.report))))
    if past.of_others:
        sys.stderr.write(f"left out: {past.of_others:,} tweets of other versions than {past.model.version}\n")


def make_reference(start: Position | None, end: Position | None, *, file: Path | None, output: Path) -> None:
    """Make a reference of a range of the topic, or of a file, and say what it is.

    Raises:
        BrokerError: the range can't be read.
        DataError: it has no tweet, or too many; the file is not there.
        DriftError: there are too few tweets, or no reference that knows the words of training, or no place to write.
    """
    settings = DriftSettings()
    references = _references(settings)
    if file is not None:
        read = read_tweets(file, Vocabulary.of([]))  # to see which model answered
        _check_size(read.tweets)
        trained = _trained(settings, references, read.models[0])
        read = read_tweets(file, trained)
        windows, model, source, left_out = read.windows, read.models[0], f"{read.tweets:,} tweets of a file", 0
    else:
        tweets = PastTweets(_reader(start or {}, end))
        trained = _trained(settings, references, tweets.model)
        past = tweets.described(trained, window_tweets=settings.window_tweets)
        windows, model, left_out = past.windows, past.model, past.of_others
        source = f"{past.tweets:,} tweets classified from {past.first_at} to {past.last_at}"
    _check_size(sum(window.tweets for window in windows))
    reference = reference_of(
        windows,
        trained=trained,
        model_name=model.name,
        model_version=model.version,
        source=source,
    )
    put_reference(reference, output, note=f"; {left_out:,} of other versions left out" if left_out else "")


def _reader(start: Position, end: Position | None) -> RangeReader:
    topic = declare_topics(TopicSettings()).classified.name
    return RangeReader(
        kafka_of_settings(),
        topic,
        start=start,
        end=end,
        isolation_level=StreamSettings().isolation_level,
    )


def _references(settings: DriftSettings) -> References:
    return references_of(_file(settings), registry_store(top_k=1))


def _trained(settings: DriftSettings, references: References, model: ModelVersion) -> Vocabulary:
    """Give the words that training saw; of a version without a reference, those of the one that is set or shipped."""
    try:
        return references.of(model).trained
    except ReferenceNotFoundError:
        return load_reference(_file(settings) or PRETRAINED / REFERENCE_FILE).trained


def _file(settings: DriftSettings) -> Path | None:
    return Path(settings.reference).expanduser() if settings.reference else None


def _check_size(tweets: int) -> None:
    if tweets < MIN_WINDOW_TWEETS:
        raise WindowTooSmallError(f"there are {tweets} tweets; at least {MIN_WINDOW_TWEETS} are needed: take more")


def _event(past: Past, reference: Reference, window: Window, verdict: Verdict) -> DriftEvent:
    start, end = (
        {str(number): offset for number, offset in side.items()} for side in (past.bounds.start, past.bounds.end)
    )
    span = Span(
        number=verdict.number,
        tweets=window.tweets,
        long_tweets=window.tweets,
        dead_letters=0,
        start=start,
        end=end,
        skipped=0,
        first_at=past.first_at,
        last_at=past.last_at,
    )
    replay = replay_command(span)
    report = event_id(reference.id, zlib.crc32(replay.encode()) % _IDS)  # the same range replaces its report
    return verdict.event(span, reference=reference, model=past.model, replay=replay, time=time.time(), report=report)


def _named(model: ModelVersion) -> str:
    return f"{model.name} {model.version}"

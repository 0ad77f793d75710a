"""Give labels to tweets, from a file or standard input.

FILE is JSON lines, or CSV or TSV with a header; `.gz` is read too, and `-` is JSON lines from standard input. The fields
are `tweet_id` (or `id`), `label`, `sentiment`, `text`, `source` and `labelled_at`; needed are the id, and a label or a
sentiment. Every line is checked; a bad one is told with its number and not sent. It ends with 0 when all lines were sent
and acknowledged by Kafka, else with 1. See docs/how-to/labels.md.

  tickertape label labels.csv --source desk-7
  tickertape tail --topic to-label --json --count 20 > tweets.jsonl    # add "label" to each line, then:
  tickertape label tweets.jsonl
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial

from config.commands import DONE, FAILED, configure_logging
from config.settings import ProjectSettings, TopicSettings
from models.errors import DataError
from models.events import event_headers
from models.feedback import EVENT_TYPE, MAX_SOURCE_CHARACTERS
from models.records import utc_timestamp
from stream.codecs import encode
from stream.commands.cluster import kafka_of_settings
from stream.feed.files import Record
from stream.feed.labels import BadLine, read_labels
from stream.feed.publishing import Published, publish
from stream.kafka.rights import check_rights
from stream.topics import declare_topics, ensure_topics

EVENT_SOURCE = b"/tickertape/label"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the file, and who labelled."""
    parser.add_argument("file", metavar="FILE", help="JSON lines, CSV or TSV, .gz too; - reads standard input")
    parser.add_argument(
        "--source", type=_source, metavar="NAME", help="who labelled; default: what a line says, else label"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Send until the file ends."""
    project, kafka = ProjectSettings(), kafka_of_settings()
    configure_logging(project.log_level, as_json=project.log_json)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: says what is acknowledged
    topic = declare_topics(TopicSettings()).feedback
    check_rights(kafka, writes=[topic.name])
    ensure_topics(kafka, (topic,))
    labels = _Labels(arguments.file, source=arguments.source)
    published = publish(
        labels.records(),
        kafka=kafka,
        topic=topic.name,
        headers=partial(event_headers, source=EVENT_SOURCE, kind=EVENT_TYPE),
    )
    if labels.failure is None or published.records:
        sys.stdout.write(_summary(published, labels.bad, topic.name, as_json=arguments.json) + "\n")
    if labels.failure is not None:
        raise labels.failure
    return FAILED if labels.bad or published.interrupted else DONE


class _Labels:
    """The lines of a file: the good ones as records, the bad ones told and counted.

    Attributes:
        bad: lines that were not sent.
        failure: why the file could not be read to its end.
    """

    def __init__(self, name: str, *, source: str | None) -> None:
        self._lines = read_labels(name, source=source, now=lambda: utc_timestamp(time.time()))
        self.bad = 0
        self.failure: DataError | None = None

    def records(self) -> Iterator[Record]:
        """Give the good lines; ends at a failure, so that what was sent before is still delivered and counted."""
        try:
            for line in self._lines:
                if isinstance(line, BadLine):
                    self.bad += 1
                    sys.stderr.write(f"line {line.number}: {line.reason}: {line.detail}\n")
                else:
                    yield line.tweet_id.encode(), encode(line)
        except DataError as exc:
            self.failure = exc


def _summary(published: Published, bad: int, topic: str, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"topic": topic, "sent": published.records, "bad": bad, "interrupted": published.interrupted})
    start = "stopped early: sent" if published.interrupted else "sent"
    refused = f"; {bad:,} bad lines were not sent" if bad else ""
    return f"{start} {published.records:,} labels to {topic}, all acknowledged{refused}"


def _source(text: str) -> str:
    if not text.isprintable() or not text.strip() or len(text) > MAX_SOURCE_CHARACTERS:
        raise argparse.ArgumentTypeError(f"a name has 1 to {MAX_SOURCE_CHARACTERS} printable characters")
    return text

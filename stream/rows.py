"""Records of topics as rows for a terminal, safe whatever a tweet's author wrote."""

import html
import unicodedata

import msgspec
from kafka.consumer.fetcher import ConsumerRecord
from rich.text import Text

from models.errors import MalformedRecordError
from models.taxonomy import Sentiment
from stream.codecs import decode_feedback, decode_to_label
from stream.dead_letters import header_texts

STYLES = {Sentiment.BULLISH: "green", Sentiment.BEARISH: "red", Sentiment.NEUTRAL: "bright_black"}
ARROWS = {Sentiment.BULLISH: "▲", Sentiment.BEARISH: "▼", Sentiment.NEUTRAL: "•"}
TICKERS_WIDTH, LABEL_WIDTH = 12, 27  # the longest label has 27 characters
WHY_WIDTH, ID_WIDTH, SENTIMENT_WIDTH, SOURCE_WIDTH = 9, 19, 7, 12
JOINERS = "\u200d\u200c"  # emoji and several scripts need them, and they move nothing
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class _Row(msgspec.Struct, frozen=True):
    """What is shown of `tweets.classified` and `tweets.sentiment`; labels to come are shown as they are."""

    sentiment: Sentiment
    sentiment_score: float
    classified_at: str
    tickers: list[str]
    label: str = ""
    label_score: float | None = None
    text: str = ""


_row_decoder = msgspec.json.Decoder(_Row)


def harmless(text: str) -> str:
    r"""Take from a text what could drive a terminal or turn its line round.

    White space becomes one space each; escape sequences, other controls, bidirectional marks and lone surrogates
    become a replacement character.

    >>> harmless("up\n\x1b[2J5%")
    'up �[2J5%'
    """
    return "".join(map(_harmless_character, text))


def answer_row(record: ConsumerRecord) -> Text:
    """Show a record of `tweets.classified` or `tweets.sentiment`: time, tickers, label, sentiment, text."""
    try:
        row = _row_decoder.decode(record.value)
    except (TypeError, ValueError, RecursionError):  # a tombstone, or what another program wrote there
        return _unreadable(record, "not an answer of the worker")
    label = f"{row.label:<{LABEL_WIDTH}} {row.label_score or 0:4.0%}  " if row.label else ""
    tickers = " ".join("$" + ticker for ticker in row.tickers)
    style = STYLES[row.sentiment]
    return Text.assemble(
        (harmless(row.classified_at[11:19]) + " ", "bright_black"),
        (_column(harmless(tickers), TICKERS_WIDTH), "bold"),
        (harmless(label), "cyan"),
        (f"{ARROWS[row.sentiment]} {row.sentiment_score:+.2f} {row.sentiment:<7}  ", style),
        harmless(html.unescape(row.text)),
    )


def to_label_row(record: ConsumerRecord) -> Text:
    """Show a record of `tweets.to-label`: why it was chosen, with which probability, id, text."""
    try:
        tweet = decode_to_label(record.value)
    except MalformedRecordError as exc:
        return _unreadable(record, f"{exc.reason}: {exc}")
    return Text.assemble(
        (f"{tweet.why:<{WHY_WIDTH}} {tweet.probability:7.2%}  ", "cyan"),
        (_column(harmless(tweet.id), ID_WIDTH), "bold"),
        harmless(html.unescape(tweet.text)),
    )


def feedback_row(record: ConsumerRecord) -> Text:
    """Show a record of `tweets.feedback`: time, id, label, sentiment, who says so, text."""
    try:
        given = decode_feedback(record.value)
    except MalformedRecordError as exc:
        return _unreadable(record, f"{exc.reason}: {exc}")
    return Text.assemble(
        (given.labelled_at[11:19] + " ", "bright_black"),
        (_column(given.tweet_id, ID_WIDTH), "bold"),
        (f"{given.label or '':<{LABEL_WIDTH}} ", "cyan"),
        (f"{given.sentiment or '':<{SENTIMENT_WIDTH}} ", STYLES[given.sentiment] if given.sentiment else ""),
        (_column(harmless(given.source), SOURCE_WIDTH), "bright_black"),
        harmless(html.unescape(given.text or "")),
    )


def dead_letter_row(record: ConsumerRecord) -> Text:
    """Show a record of the dead-letter topic: time, reason, where it came from, its size and the error."""
    headers = header_texts(record.headers)
    origin = f"{headers.get('topic', '?')}/{headers.get('partition', '?')}@{headers.get('offset', '?')}"
    return Text.assemble(
        (harmless(headers.get("time", "")[11:19]) + " ", "bright_black"),
        (harmless(f"{headers.get('reason', 'no reason given'):<18} "), "red"),
        harmless(f"{origin:<28} "),
        (_size(record.value) + "  ", "bright_black"),
        harmless(headers.get("error", "")),
    )


def value_json(record: ConsumerRecord) -> bytes | None:
    """Give a record's JSON as it came, on one line; None for a tombstone."""
    return None if record.value is None else bytes(record.value).replace(b"\n", b" ")


def _unreadable(record: ConsumerRecord, why: str) -> Text:
    origin = f"{record.topic}/{record.partition}@{record.offset}"
    return Text(f"unreadable record at {origin}: {_size(record.value)}, {why}", style="red")


def _size(value: bytes | None) -> str:
    return "no value" if value is None else f"{len(value)} bytes"


def _column(text: str, width: int) -> str:
    column = Text(text)
    column.truncate(width, overflow="ellipsis", pad=True)
    return column.plain + " "


def _harmless_character(character: str) -> str:
    if character.isspace():
        return " "
    if unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character not in JOINERS:
        return REPLACEMENT
    return character

"""Step 3, write: the JSON of both answers to a tweet; see `stream.writing`."""

from models.compiled.part import part
from stream.compiled.characters import Bytes
from stream.compiled.fragments import (
    ANSWER,
    ANSWERED_BY,
    BATCH_LABEL,
    BRACE,
    COMMA,
    END_OPINIONS,
    END_TICKERS,
    LABEL_KEY,
    LABELS,
    NO_OPINIONS,
    NO_TIME,
    ONLINE_LABEL,
    OPEN,
    QUOTE,
    SENTIMENT,
    SENTIMENT_ANSWERED_BY,
    TEXT,
    TICKERS,
    TIME,
    put_part,
)
from stream.compiled.layout import CREATED_AT, ID, PLAIN, Opinion, Said, Scanned, Spans
from stream.compiled.layout import TEXT as TEXT_SPAN
from stream.compiled.layout import TICKERS as TICKERS_SPAN
from stream.compiled.output import put, put_all, put_escaped, put_score


@part
def put_classified(
    output: Bytes, values: Bytes, scanned: Scanned, spans: Spans, said: Said, tweet: int, ending: Bytes
) -> int:
    """Put the value of `tweets.classified`.

    Args:
        output: gets it from its first byte on.
        values: the records' JSON.
        scanned: what was found in them.
        spans: of the record.
        said: of all tweets.
        tweet: which of them it is.
        ending: see `Chunk`.

    Returns:
        Its length.
    """
    stop = put_part(output, 0, OPEN)
    stop = _put_span(output, stop, values, spans, ID)
    stop = put_part(output, stop, TEXT)
    if spans[TEXT_SPAN, 1] - spans[TEXT_SPAN, 0] == spans[PLAIN, 1] - spans[PLAIN, 0]:  # no escape: each is longer
        stop = _put_span(output, stop, values, spans, TEXT_SPAN)
    else:
        stop = put_escaped(output, stop, scanned.texts, spans[PLAIN, 0], spans[PLAIN, 1])
    stop = _put_time_and_tickers(output, put_part(output, stop, QUOTE), values, scanned, spans)
    stop = put_part(output, stop, ANSWER + said.answers[tweet])
    stop = put_score(output, stop, said.label_scores[tweet, 0])
    stop = put_part(output, stop, LABELS)
    for rank in range(said.labels.shape[1]):
        if rank:
            stop = put_part(output, stop, COMMA)
        stop = put_part(output, stop, LABEL_KEY + said.labels[tweet, rank])
        stop = put_score(output, stop, said.label_scores[tweet, rank])
    stop = put_part(output, stop, BRACE)
    stop = _put_sentiment(output, stop, said.sentiments[tweet], said.sentiment_scores[tweet])
    stop = put_part(output, stop, ANSWERED_BY + said.answerers[tweet])
    stop = put_part(output, stop, SENTIMENT_ANSWERED_BY + said.sentiment_answerers[tweet])
    if said.are_disputed[tweet]:
        stop = _put_opinion(output, stop, BATCH_LABEL, said.batch, tweet)
        stop = _put_opinion(output, stop, ONLINE_LABEL, said.online, tweet)
        stop = put_part(output, stop, END_OPINIONS)
    else:
        stop = put_part(output, stop, NO_OPINIONS)
    return put_all(output, stop, ending)


@part
def put_sentiment(
    output: Bytes, values: Bytes, scanned: Scanned, spans: Spans, said: Said, tweet: int, ending: Bytes
) -> int:
    """Put the value of `tweets.sentiment`; see `put_classified`."""
    stop = put_part(output, 0, OPEN)
    stop = _put_span(output, stop, values, spans, ID)
    stop = _put_time_and_tickers(output, put_part(output, stop, QUOTE), values, scanned, spans)
    stop = _put_sentiment(output, stop, said.sentiments[tweet], said.sentiment_scores[tweet])
    return put_all(output, stop, ending)


@part
def _put_span(output: Bytes, stop: int, source: Bytes, spans: Spans, row: int) -> int:
    return put(output, stop, source, spans[row, 0], spans[row, 1])


@part
def _put_time_and_tickers(output: Bytes, stop: int, values: Bytes, scanned: Scanned, spans: Spans) -> int:
    if spans[CREATED_AT, 1]:
        stop = put_part(output, stop, TIME)
        stop = _put_span(output, stop, values, spans, CREATED_AT)
        stop = put_part(output, stop, TICKERS)
    else:
        stop = put_part(output, stop, NO_TIME)
    stop = _put_span(output, stop, scanned.tickers, spans, TICKERS_SPAN)
    return put_part(output, stop, END_TICKERS)


@part
def _put_sentiment(output: Bytes, stop: int, sentiment: int, score: float) -> int:
    return put_score(output, put_part(output, stop, SENTIMENT + sentiment), score)


@part
def _put_opinion(output: Bytes, stop: int, first_label: int, opinion: Opinion, tweet: int) -> int:
    stop = put_part(output, stop, first_label + opinion.labels[tweet])
    stop = put_score(output, stop, opinion.label_scores[tweet])
    return _put_sentiment(output, stop, opinion.sentiments[tweet], opinion.sentiment_scores[tweet])

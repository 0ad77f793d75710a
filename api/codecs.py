"""Bytes <-> records: the HTTP edge of `models.tweets` and `models.records`."""

import re
from collections.abc import Sequence

import msgspec

from models.errors import InvalidBodyError, MalformedBodyError, MalformedRecordError, UnsupportedBodyError
from models.explain import Explanation
from models.records import ClassifiedTweet, Tweet
from models.tweets import Reason, TweetFields, TweetRecord, read_tweet, tweet_fields

MAX_FIELD_PROBLEMS = 100  # enough to see the pattern; an answer must not outgrow its request

_FieldProblem = tuple[str, str, str]

_FIELD_OF_REASON = {
    Reason.INVALID_ID: "id",
    Reason.EMPTY_TEXT: "text",
    Reason.TEXT_TOO_LONG: "text",
    Reason.INVALID_CREATED_AT: "created_at",
    Reason.MISSING_FIELD: "text",
}
# How msgspec words a wrong shape: the types it expected and got, then the place.
_MISSHAPEN = re.compile(r"(?P<detail>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")


class ExplainedTweet(ClassifiedTweet, frozen=True):
    """One element of `predictions` where explanations are asked for."""

    explanation: Explanation


class _Texts(msgspec.Struct, frozen=True):
    texts: list[msgspec.Raw]


class _Predictions(msgspec.Struct, frozen=True):
    predictions: Sequence[ClassifiedTweet]


_texts_decoder = msgspec.json.Decoder(_Texts)
_tweet_decoder = msgspec.json.Decoder(TweetRecord)
_encoder = msgspec.json.Encoder()


def check_headers(*, content_type: str | None, content_encoding: str | None) -> None:
    """Refuse a body that is not plain JSON in UTF-8 by its headers.

    Only `application/json`: a web page of another origin can't send that without asking first (CORS).

    Raises:
        UnsupportedBodyError: another media type, charset or a content coding.
    """
    media_type, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    if media_type != "application/json":
        seen = f"content-type is {media_type[:100]!r}" if media_type else "there is no content-type"
        raise UnsupportedBodyError(f"{seen}: send application/json")
    charset = next((part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")), "utf-8")
    if charset not in {"utf-8", "utf8"}:
        raise UnsupportedBodyError(f"charset is {charset[:100]!r}: JSON is sent in utf-8")
    if (content_encoding or "identity").strip().lower() != "identity":
        raise UnsupportedBodyError(f"content-encoding is {content_encoding!r:.100}: send the body as it is")


def decode_request(body: bytes, *, max_texts: int) -> list[Tweet]:
    """Read the body of `POST /predict`.

    Args:
        body: JSON in UTF-8, an object with 1 to `max_texts` texts or tweets in `texts`; unknown fields are ignored.
        max_texts: most texts in one request.

    Raises:
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape; names the first wrong field of each text.

    >>> decode_request(b'{"texts": [{"text": "$TSLA up"}]}', max_texts=10)[0].tickers
    ('TSLA',)
    """
    try:
        body.decode()  # also checks the fields that are skipped, which the decoder does not
        return _read_all(_texts_decoder.decode(body).texts, max_texts)
    except msgspec.ValidationError as exc:
        raise _invalid([_misshapen(exc, "")]) from exc
    except UnicodeDecodeError as exc:
        raise MalformedBodyError(f"the body is not UTF-8 at byte {exc.start}") from exc
    except RecursionError as exc:
        raise MalformedBodyError("the body's JSON is nested too deeply") from exc
    except msgspec.DecodeError as exc:
        raise MalformedBodyError(f"the body is not JSON: {exc}") from exc


def encode_answer(predictions: Sequence[ClassifiedTweet]) -> bytes:
    """Write the answer of `POST /predict`."""
    return _encoder.encode(_Predictions(predictions))


def _read_all(texts: list[msgspec.Raw], max_texts: int) -> list[Tweet]:
    if not 1 <= len(texts) <= max_texts:
        detail = f"texts has {len(texts)} elements, 1 to {max_texts} are allowed (API_MAX_TEXTS)"
        raise _invalid([("texts", "wrong_count", detail)])
    tweets: list[Tweet] = []
    problems: list[_FieldProblem] = []
    for position, raw in enumerate(texts):
        read = _read(raw, f"texts[{position}]")
        if isinstance(read, Tweet):
            tweets.append(read)
        else:
            problems.append(read)
            if len(problems) == MAX_FIELD_PROBLEMS:
                break
    if problems:
        raise _invalid(problems)
    return tweets


def _read(raw: msgspec.Raw, place: str) -> Tweet | _FieldProblem:
    try:
        record = _tweet_decoder.decode(raw)
    except msgspec.ValidationError as exc:
        return _misshapen(exc, place)
    try:
        return read_tweet(tweet_fields(record))
    except MalformedRecordError as exc:
        wrapped = ".data" if isinstance(record.data, TweetFields) else ""
        field = _FIELD_OF_REASON[Reason(exc.reason)]
        return f"{place}{wrapped}.{field}", exc.reason, str(exc)


def _misshapen(exc: msgspec.ValidationError, place: str) -> _FieldProblem:
    found = _MISSHAPEN.fullmatch(str(exc))
    detail, path = (found["detail"], found["path"] or "") if found else (str(exc), "")
    missing = _MISSING.fullmatch(detail)
    if missing:
        return f"{place}{path}.{missing['name']}".lstrip("."), Reason.MISSING_FIELD, "this field is required"
    reason = Reason.WRONG_TYPE if path else Reason.NOT_AN_OBJECT
    return f"{place}{path}".lstrip("."), reason, detail


def _invalid(problems: list[_FieldProblem]) -> InvalidBodyError:
    field, _, detail = problems[0]
    more = f", and {len(problems) - 1} more (see errors)" if len(problems) > 1 else ""
    return InvalidBodyError(f"{field or 'the body'}: {detail}{more}", problems)

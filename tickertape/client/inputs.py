"""Texts and labels as they are given, made into the bodies of requests."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from models.feedback import Feedback, FeedbackFields
from models.records import Tweet
from tickertape.client.errors import WrongInputError

Text: TypeAlias = str | Tweet | Mapping[str, object]
"""A text alone, a record, or a tweet as X API v2 gives it, flat or in `data`."""
Given: TypeAlias = Feedback | FeedbackFields
"""What somebody says a tweet is; of `FeedbackFields` only `tweet_id` and a label or sentiment are needed."""

BODY_BYTES = 4_000_000  # the server takes 4 MiB (API_MAX_BODY_BYTES) if nothing else is set

_encode = msgspec.json.Encoder().encode


def text_bodies(texts: Iterable[Text], *, most: int) -> Iterator[tuple[bytes, int]]:
    """Give the bodies of `POST /predict`, each with the number of its texts; none where there is no text.

    Args:
        texts: see `Text`; read only as far as bodies are asked for.
        most: texts in one body.

    Raises:
        WrongInputError: a text can't be sent, or `most` is below 1.

    >>> list(text_bodies(["up", Tweet("down", id="7")], most=2))
    [(b'{"texts":[{"text":"up"},{"text":"down","id":"7"}]}', 2)]
    """
    return _bodies("texts", map(_text_fields, _several(texts, "texts")), most=most)


def label_bodies(labels: Iterable[Given], *, most: int) -> Iterator[tuple[bytes, int]]:
    """Give the bodies of `POST /feedback`, as `text_bodies` does.

    Raises:
        WrongInputError: an element can't be sent.

    >>> list(label_bodies([FeedbackFields("7", label="IPO")], most=2))
    [(b'{"feedback":[{"tweet_id":"7","label":"IPO"}]}', 1)]
    """
    return _bodies("feedback", map(_given_fields, _several(labels, "labels")), most=most)


def _several(elements: object, what: str) -> Iterable[object]:
    if isinstance(elements, str | bytes | Mapping | msgspec.Struct) or not isinstance(elements, Iterable):
        raise WrongInputError(f"{what} is one {type(elements).__name__}: give a list, or call the method for one")
    return elements


def _text_fields(text: object) -> object:
    if isinstance(text, str):
        return {"text": text}
    if isinstance(text, Tweet):
        fields = {"text": text.text, "id": text.id, "created_at": text.created_at}
        known: dict[str, object] = {name: value for name, value in fields.items() if value is not None}
        return known | ({"entities": {"cashtags": [{"tag": tag} for tag in text.tickers]}} if text.tickers else {})
    if isinstance(text, Mapping):
        return text
    raise WrongInputError(f"a text is a {type(text).__name__}: give a str, a Tweet or a dict of X API v2")


def _given_fields(label: object) -> object:
    if not isinstance(label, Feedback | FeedbackFields):
        raise WrongInputError(f"a label is a {type(label).__name__}: give a Feedback")
    return {name: value for name, value in msgspec.structs.asdict(label).items() if value is not None}


def _bodies(name: str, elements: Iterable[object], *, most: int) -> Iterator[tuple[bytes, int]]:
    if most < 1:
        raise WrongInputError(f"max_texts is {most}: a request needs at least one")
    begin = b'{"%b":[' % name.encode()
    batch: list[bytes] = []
    size = 0
    for position, element in enumerate(elements):
        encoded = _encoded(element, f"{name}[{position}]")
        if batch and (len(batch) == most or size + len(encoded) > BODY_BYTES):
            yield begin + b",".join(batch) + b"]}", len(batch)
            batch, size = [], 0
        batch.append(encoded)
        size += len(encoded) + 1
    if batch:
        yield begin + b",".join(batch) + b"]}", len(batch)


def _encoded(element: object, place: str) -> bytes:
    try:
        return _encode(element)
    except UnicodeEncodeError as exc:
        raise WrongInputError(f"{place} has a lone surrogate, which is no text") from exc
    except (TypeError, ValueError, RecursionError) as exc:
        raise WrongInputError(f"{place} is no JSON: {exc}") from exc

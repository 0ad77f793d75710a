"""Bodies that hold one list: from bytes to its elements, or to the place and the reason of what is wrong."""

import re
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec

from models.errors import InvalidBodyError, MalformedBodyError, MalformedRecordError, UnsupportedBodyError
from models.tweets import Reason

MAX_WRONG_FIELDS = 100  # enough to see the pattern; an answer must not outgrow its request

# How msgspec words a wrong shape: the types it expected and got, then the place.
_MISSHAPEN = re.compile(r"(?P<detail>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")

_Fields = TypeVar("_Fields", bound=msgspec.Struct)
_Record = TypeVar("_Record")


class WrongField(NamedTuple):
    """One wrong field of a body.

    Attributes:
        place: its path, as `texts[3].text`; empty for the body itself.
        reason: a code.
        detail: what is wrong and what is allowed; never holds what was sent.
    """

    place: str
    reason: str
    detail: str


class ListBody(Generic[_Fields]):
    """A body of the shape `{"<name>": [...]}`; unknown fields are ignored.

    Args:
        name: of the member that holds the list.
        fields: what an element looks like before its values are checked.
        place_of: gives the path within an element, from its fields and the code of a reason.
    """

    def __init__(self, name: str, fields: type[_Fields], *, place_of: Callable[[_Fields, str], str]) -> None:
        body = msgspec.defstruct(name, [(name, list[msgspec.Raw])])
        self._name = name
        self._body_decoder = msgspec.json.Decoder(body)
        self._element_decoder = msgspec.json.Decoder(fields)
        self._place_of = place_of

    def read(self, body: bytes, read: Callable[[_Fields], _Record], *, most: int) -> list[_Record]:
        """Read all elements, or none.

        Args:
            body: JSON in UTF-8.
            read: checks the fields of an element and makes a record of them; raises `MalformedRecordError`.
            most: most elements in one body; at least one must be there.

        Raises:
            MalformedBodyError: no JSON in UTF-8.
            InvalidBodyError: JSON of another shape; names the first wrong field of each element.
        """
        try:
            body.decode()  # also checks the fields that are skipped, which the decoder does not
            return self._records(getattr(self._body_decoder.decode(body), self._name), read, most)
        except msgspec.ValidationError as exc:
            raise _invalid([_misshapen(exc, "")]) from exc
        except UnicodeDecodeError as exc:
            raise MalformedBodyError(f"the body is not UTF-8 at byte {exc.start}") from exc
        except RecursionError as exc:
            raise MalformedBodyError("the body's JSON is nested too deeply") from exc
        except msgspec.DecodeError as exc:
            raise MalformedBodyError(f"the body is not JSON: {exc}") from exc

    def _records(self, elements: list[msgspec.Raw], read: Callable[[_Fields], _Record], most: int) -> list[_Record]:
        if not 1 <= len(elements) <= most:
            detail = f"{self._name} has {len(elements)} elements, 1 to {most} are allowed (API_MAX_TEXTS)"
            raise _invalid([WrongField(self._name, "wrong_count", detail)])
        records: list[_Record] = []
        wrong: list[WrongField] = []
        for position, element in enumerate(elements):
            place = f"{self._name}[{position}]"
            try:
                fields = self._element_decoder.decode(element)
            except msgspec.ValidationError as exc:
                wrong.append(_misshapen(exc, place))
            else:
                try:
                    records.append(read(fields))
                except MalformedRecordError as exc:
                    wrong.append(WrongField(f"{place}.{self._place_of(fields, exc.reason)}", exc.reason, str(exc)))
            if len(wrong) == MAX_WRONG_FIELDS:
                break
        if wrong:
            raise _invalid(wrong)
        return records


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


def _misshapen(exc: msgspec.ValidationError, place: str) -> WrongField:
    found = _MISSHAPEN.fullmatch(str(exc))
    detail, path = (found["detail"], found["path"] or "") if found else (str(exc), "")
    missing = _MISSING.fullmatch(detail)
    if missing:
        return WrongField(
            f"{place}{path}.{missing['name']}".lstrip("."), Reason.MISSING_FIELD, "this field is required"
        )
    reason = Reason.WRONG_TYPE if path else Reason.NOT_AN_OBJECT
    return WrongField(f"{place}{path}".lstrip("."), reason, detail)


def _invalid(wrong: Sequence[WrongField]) -> InvalidBodyError:
    first = wrong[0]
    more = f", and {len(wrong) - 1} more (see errors)" if len(wrong) > 1 else ""
    return InvalidBodyError(f"{first.place or 'the body'}: {first.detail}{more}", wrong)

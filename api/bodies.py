"""Bodies in JSON: from bytes to records, or to the places and the reasons of what is wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec

from api.request_errors import InvalidBodyError, MalformedBodyError, UnsupportedBodyError
from models.errors import MalformedRecordError
from models.tweets import Reason

_QUOTE = ord('"')
MAX_WRONG_FIELDS = 100  # enough to see the pattern; an answer must not outgrow its request

# How msgspec words a wrong shape: the types it expected and got, then the place.
_MISSHAPEN = re.compile(r"(?P<detail>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")

_Fields = TypeVar("_Fields", bound=msgspec.Struct)
_Element = TypeVar("_Element")
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


class WrongElementError(Exception):
    """An element of a body that holds a wrong field; never leaves `read_each`."""

    def __init__(self, wrong: WrongField) -> None:
        super().__init__(wrong.detail)
        self.wrong = wrong


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

        def element(raw: msgspec.Raw) -> _Record:
            return checked(self._element_decoder.decode(raw), read, place_of=self._place_of)

        def elements(content: bytes) -> list[_Record]:
            found: list[msgspec.Raw] = getattr(self._body_decoder.decode(content), self._name)
            check_count(self._name, len(found), most=most)
            return read_each(found, element, place=f"{self._name}[{{}}]")

        return read_json(body, elements)


def read_json(body: bytes, read: Callable[[bytes], _Record]) -> _Record:
    """Read a body with a function of msgspec decoders, and say in our words what they find wrong.

    Raises:
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape.
    """
    try:
        body.decode()  # also checks the fields that are skipped, which the decoder does not
        return read(body)
    except msgspec.ValidationError as exc:
        raise invalid([_misshapen(exc, "")]) from exc
    except UnicodeDecodeError as exc:
        raise MalformedBodyError(f"the body is not UTF-8 at byte {exc.start}") from exc
    except RecursionError as exc:
        raise MalformedBodyError("the body's JSON is nested too deeply") from exc
    except msgspec.DecodeError as exc:
        raise MalformedBodyError(f"the body is not JSON: {exc}") from exc


def read_each(elements: Sequence[_Element], read: Callable[[_Element], _Record], *, place: str) -> list[_Record]:
    """Read all elements, or none.

    Args:
        elements: any number.
        read: makes a record of one; raises `WrongElementError` or msgspec's `ValidationError`.
        place: path of an element, with `{}` for its number.

    Raises:
        InvalidBodyError: names the first wrong field of each element.
    """
    records: list[_Record] = []
    wrong: list[WrongField] = []
    for position, element in enumerate(elements):
        try:
            records.append(read(element))
        except msgspec.ValidationError as exc:
            wrong.append(_misshapen(exc, place.format(position)))
        except WrongElementError as exc:
            wrong.append(exc.wrong._replace(place=f"{place.format(position)}.{exc.wrong.place}".strip(".")))
        if len(wrong) == MAX_WRONG_FIELDS:
            break
    if wrong:
        raise invalid(wrong)
    return records


def checked(fields: _Fields, read: Callable[[_Fields], _Record], *, place_of: Callable[[_Fields, str], str]) -> _Record:
    """Make a record of the fields of an element.

    Raises:
        WrongElementError: `read` raised `MalformedRecordError`.
    """
    try:
        return read(fields)
    except MalformedRecordError as exc:
        raise WrongElementError(WrongField(place_of(fields, exc.reason), exc.reason, str(exc))) from exc


def is_string(value: msgspec.Raw) -> bool:
    """Tell whether a JSON value is a string."""
    return memoryview(value)[0] == _QUOTE


def check_count(name: str, count: int, *, most: int) -> None:
    """Check how many elements a list has.

    Raises:
        InvalidBodyError: none, or too many.
    """
    if not 1 <= count <= most:
        detail = f"{name} has {count} elements, 1 to {most} are allowed (API_MAX_TEXTS)"
        raise invalid([WrongField(name, "wrong_count", detail)])


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse a body that is not plain JSON in UTF-8 by its headers.

    Only `application/json`: a web page of another origin can't send that without asking first (CORS).

    Args:
        headers: of a request, by their names in lower case.

    Raises:
        UnsupportedBodyError: another media type, charset or a content coding.
    """
    media_type, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    if media_type != "application/json":
        seen = f"content-type is {media_type[:100]!r}" if media_type else "there is no content-type"
        raise UnsupportedBodyError(f"{seen}: send application/json")
    charset = next((part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")), "utf-8")
    if charset not in {"utf-8", "utf8"}:
        raise UnsupportedBodyError(f"charset is {charset[:100]!r}: JSON is sent in utf-8")
    content_encoding = headers.get("content-encoding") or "identity"
    if content_encoding.strip().lower() != "identity":
        raise UnsupportedBodyError(f"content-encoding is {content_encoding!r:.100}: send the body as it is")


def invalid(wrong: Sequence[WrongField]) -> InvalidBodyError:
    """Say of a body which fields are wrong, at least one."""
    first = wrong[0]
    more = f", and {len(wrong) - 1} more (see errors)" if len(wrong) > 1 else ""
    return InvalidBodyError(f"{first.place or 'the body'}: {first.detail}{more}", wrong)


def _misshapen(exc: msgspec.ValidationError, place: str) -> WrongField:
    found = _MISSHAPEN.fullmatch(str(exc))
    detail, path = (found["detail"], found["path"] or "") if found else (str(exc), "")
    missing = _MISSING.fullmatch(detail)
    if missing:
        return WrongField(
            f"{place}{path}.{missing['name']}".lstrip("."), Reason.MISSING_FIELD, "this field is required"
        )
    reason = Reason.NOT_AN_OBJECT if not path and detail.startswith("Expected `object`") else Reason.WRONG_TYPE
    return WrongField(f"{place}{path}".lstrip("."), reason, detail)

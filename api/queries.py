"""Values in the query of a URL."""

from api.request_errors import InvalidQueryError

SHOWN_CHARACTERS = 100  # of a wrong value


def whole_number(name: str, value: str, *, most: int) -> int:
    """Read a parameter that counts something, from 1.

    Raises:
        InvalidQueryError: it is no such number, or more than `most`.
    """
    # The length first: a string of a million digits takes a while to become a number.
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and 1 <= int(value) <= most):
        raise not_allowed(name, value, f"a whole number from 1 to {most}")
    return int(value)


def not_allowed(name: str, value: str, allowed: str) -> InvalidQueryError:
    """Say what a parameter was, and what may be sent.

    >>> str(not_allowed("explain", "maybe", "true or false"))
    "explain is 'maybe': send true or false"
    """
    return InvalidQueryError(f"{name} is {value[:SHOWN_CHARACTERS]!r}: send {allowed}")

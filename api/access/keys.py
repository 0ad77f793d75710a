"""API keys: what one looks like, and the line by which a server knows it without having it."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

KEY_BYTES = 32  # nobody guesses one of 2^256, so a plain SHA-256 hides it; see decision 0024
MAX_KEYS = 1000  # each request is compared with all
MAX_NAME_CHARACTERS = 64

_KEY = re.compile(rb"tt_[0-9a-f]{64}")
_NAME = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_NAME_CHARACTERS}}}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Role(StrEnum):
    """What a key may be used for."""

    READ = "read"
    PREDICT = "predict"
    FEEDBACK = "feedback"


@dataclass(frozen=True)
class ApiKey:
    """What a server knows of a key.

    Attributes:
        name: tells it from others, for people.
        roles: at least one.
        digest: its SHA-256.
    """

    name: str
    roles: frozenset[Role]
    digest: bytes

    @property
    def line(self) -> str:
        """The line of a file of keys."""
        return f"{self.name}:{','.join(role for role in Role if role in self.roles)}:{self.digest.hex()}"


class WrongEntry(NamedTuple):
    """An entry that is no key; holds nothing of what stands there, which may be a secret.

    Attributes:
        number: of the entry, from 1.
        reason: what is wrong with it.
    """

    number: int
    reason: str


class KeyRing:
    """Finds the key that a request shows.

    Args:
        keys: at most `MAX_KEYS`.
    """

    def __init__(self, keys: Collection[ApiKey]) -> None:
        self._keys = tuple(keys)

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, shown: bytes) -> ApiKey | None:
        """Give the key that was shown, or None; how long it takes does not depend on which one is right."""
        if not _KEY.fullmatch(shown):
            return None
        digest = hashlib.sha256(shown).digest()
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found


def new_key(name: str, roles: Iterable[Role]) -> tuple[str, ApiKey]:
    """Make a key: what its owner gets, and what the server is told."""
    shown = f"tt_{secrets.token_hex(KEY_BYTES)}"
    return shown, ApiKey(name, frozenset(roles), hashlib.sha256(shown.encode()).digest())


def is_name(text: str) -> bool:
    """Tell whether a key may be called so.

    >>> is_name("desk-7"), is_name("desk 7"), is_name("")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None


def read_keys(entries: Iterable[tuple[int, str]]) -> tuple[list[ApiKey], list[WrongEntry]]:
    """Read entries `name:roles:hash`, roles separated by commas; the first of two that contradict each other counts.

    Args:
        entries: each with its number.
    """
    keys: list[ApiKey] = []
    wrong: list[WrongEntry] = []
    names: set[str] = set()
    digests: set[bytes] = set()
    for number, entry in entries:
        key = _read_key(entry)
        reason = _conflict(key, names=names, digests=digests) if isinstance(key, ApiKey) else key
        if reason or isinstance(key, str):
            wrong.append(WrongEntry(number, reason))
            continue
        keys.append(key)
        names.add(key.name)
        digests.add(key.digest)
    return keys, wrong


def file_entries(text: str) -> Iterator[tuple[int, str]]:
    r"""Give the entries of a file with the numbers of their lines, without comments and empty lines.

    >>> list(file_entries("# desks\n\na:read:00  # until June"))
    [(3, 'a:read:00')]
    """
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.partition("#")[0].strip()
        if entry:
            yield number, entry


def _conflict(key: ApiKey, *, names: set[str], digests: set[bytes]) -> str:
    if key.name in names:
        return "another key has the same name"
    if key.digest in digests:
        return "another key has the same hash"
    if len(names) >= MAX_KEYS:
        return f"there are more than {MAX_KEYS} keys"
    return ""


def _read_key(entry: str) -> ApiKey | str:
    """Read one entry, or say what is wrong with it."""
    if _KEY.search(entry.encode(errors="replace")):
        return "it holds a key itself, which must stand nowhere: make another one with `tickertape keys new`"
    parts = entry.split(":")
    if len(parts) != len(("name", "roles", "hash")):
        return "it is not name:roles:hash"
    name, words, digest = (part.strip() for part in parts)
    if not is_name(name):
        return f"its name is not 1 to {MAX_NAME_CHARACTERS} letters, digits, '.', '_' or '-'"
    roles = {word.strip() for word in words.split(",")}
    if not roles <= set(Role):
        return f"its roles are not of {', '.join(Role)}"
    if not _DIGEST.fullmatch(digest):
        return "its hash is not 64 hexadecimal digits in lower case"
    return ApiKey(name, frozenset(map(Role, roles)), bytes.fromhex(digest))

"""Keys by their roles, and what an application with them is given."""

from collections.abc import Iterable

import pytest

from api.access.key_source import KeySource
from api.access.keys import Role, new_key
from api.access.wiring import Access


class Made:
    """A key for each set of roles: what is shown, and the access that knows them."""

    def __init__(self) -> None:
        made = {words: new_key(words, map(Role, words.split("+"))) for words in ("read", "predict", "feedback")}
        self.shown = {words: shown for words, (shown, _) in made.items()}
        self.lines = {words: key.line for words, (_, key) in made.items()}

    def access(self, words: Iterable[str] | None = None, **parts: object) -> Access:
        """Give an access that knows the keys named, or all."""
        lines = [self.lines[word] for word in (self.lines if words is None else words)]
        return Access(keys=KeySource(" ".join(lines), None), **parts)

    def bearer(self, words: str) -> dict[str, str]:
        """Give the header that shows a key."""
        return {"authorization": f"Bearer {self.shown[words]}"}


@pytest.fixture(scope="session")
def keys() -> Made:
    """Give three keys, each of one role."""
    return Made()

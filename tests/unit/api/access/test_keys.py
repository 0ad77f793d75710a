import hashlib
import hmac
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access.keys import MAX_KEYS, ApiKey, KeyRing, Role, file_entries, new_key, read_keys

HASH = hashlib.sha256(b"a").hexdigest()

names = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=64)
roles = st.frozensets(st.sampled_from(Role), min_size=1)


def reason_of(entry: str) -> str:
    keys, (wrong,) = read_keys([(7, entry)])
    assert keys == []
    assert wrong.number == 7
    return wrong.reason


def test_a_new_key_is_found_by_what_its_owner_shows() -> None:
    shown, key = new_key("desk-7", [Role.READ])
    _, other = new_key("desk-8", [Role.PREDICT])

    assert KeyRing([other, key]).find(shown.encode()) is key
    assert KeyRing([other]).find(shown.encode()) is None


def test_a_key_is_not_in_its_line() -> None:
    shown, key = new_key("desk-7", [Role.FEEDBACK, Role.READ])

    assert key.line == f"desk-7:read,feedback:{hashlib.sha256(shown.encode()).hexdigest()}"
    assert shown[3:] not in key.line


@given(name=names, given_roles=roles, digest=st.binary(min_size=32, max_size=32))
def test_a_line_gives_back_the_key_it_was_made_of(name: str, given_roles: frozenset[Role], digest: bytes) -> None:
    key = ApiKey(name, given_roles, digest)

    assert read_keys([(1, key.line)]) == ([key], [])


@given(st.text())
def test_no_text_whatever_ends_the_reading_or_comes_back_in_what_is_said_of_it(text: str) -> None:
    keys, wrong = read_keys(file_entries(text))

    assert all(isinstance(key, ApiKey) for key in keys)
    said = {entry.reason for entry in wrong}
    assert len(said) <= 5
    assert all(reason.startswith(("it is not name:roles:hash", "its ", "another key ", "it holds ")) for reason in said)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_are_a_key_by_chance(shown: bytes) -> None:
    digest = hashlib.sha256(shown).digest()

    assert KeyRing([ApiKey("weak", frozenset(Role), digest)]).find(shown) is None


@pytest.mark.parametrize(
    "shown", [b"", b"tt_" + b"A" * 64, b"tt_" + b"a" * 63, b"tt_" + b"a" * 64 + b"\n", b"\xff" * 67]
)
def test_what_is_no_key_is_not_even_compared(shown: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = new_key("desk-7", [Role.READ])
    monkeypatch.setattr(hmac, "compare_digest", None)

    assert KeyRing([key]).find(shown) is None


def test_a_key_is_compared_with_all_whichever_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [new_key(f"desk-{number}", [Role.READ]) for number in range(5)]
    compared: list[bytes] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda known, shown: compared.append(known) or known == shown)

    found = KeyRing([key for _, key in made]).find(made[1][0].encode())

    assert found == made[1][1]
    assert compared == [key.digest for _, key in made]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("", "it is not name:roles:hash"),
        ("desk", "it is not name:roles:hash"),
        (f"desk:read:sha256:{HASH}", "it is not name:roles:hash"),
        (f"desk 7:read:{HASH}", "its name is not 1 to 64 letters, digits, '.', '_' or '-'"),
        (f":read:{HASH}", "its name is not 1 to 64 letters, digits, '.', '_' or '-'"),
        (f"{'x' * 65}:read:{HASH}", "its name is not 1 to 64 letters, digits, '.', '_' or '-'"),
        (f"desk:admin:{HASH}", "its roles are not of read, predict, feedback"),
        (f"desk::{HASH}", "its roles are not of read, predict, feedback"),
        (f"desk:read,:{HASH}", "its roles are not of read, predict, feedback"),
        (f"desk:READ:{HASH}", "its roles are not of read, predict, feedback"),
        ("desk:read:1234", "its hash is not 64 hexadecimal digits in lower case"),
        (f"desk:read:{HASH.upper()}", "its hash is not 64 hexadecimal digits in lower case"),
        (f"desk:read:{'٣' * 64}", "its hash is not 64 hexadecimal digits in lower case"),
        (f"desk:read:tt_{HASH}", "it holds a key itself, which must stand nowhere: make another one with "),
        (f"tt_{HASH}", "it holds a key itself, which must stand nowhere: make another one with "),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_without_the_entry(entry: str, reason: str) -> None:
    assert reason_of(entry).startswith(reason)


def test_of_two_entries_that_contradict_each_other_the_first_counts() -> None:
    other = hashlib.sha256(b"b").hexdigest()
    entries = [f"a:read:{HASH}", f"a:predict:{other}", f"b:feedback:{HASH}"]

    keys, wrong = read_keys(enumerate(entries, start=1))

    assert [key.line for key in keys] == entries[:1]
    assert [tuple(entry) for entry in wrong] == [
        (2, "another key has the same name"),
        (3, "another key has the same hash"),
    ]


def test_there_is_an_end_to_how_many_keys_are_compared() -> None:
    entries = ((number, f"desk-{number}:read:{number:064x}") for number in range(MAX_KEYS + 2))

    keys, wrong = read_keys(entries)

    assert len(keys) == MAX_KEYS
    assert [entry.number for entry in wrong] == [MAX_KEYS, MAX_KEYS + 1]
    assert wrong[0].reason == "there are more than 1000 keys"


def test_comments_and_white_space_of_a_file_are_no_entries_but_count_as_lines() -> None:
    text = f"# all\r\n\r\n  a : read , predict : {HASH}  # until June\r\n"

    keys, wrong = read_keys(file_entries(text))

    assert (len(keys), wrong) == (1, [])
    assert keys[0].line == f"a:read,predict:{HASH}"
    assert [number for number, _ in file_entries(text)] == [3]

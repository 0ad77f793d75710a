import logging
from pathlib import Path

import pytest

from api.access.accounts import Unit
from api.access.keys import Role, new_key
from api.commands.access import check_access, open_access
from config.access import AccessSettings
from models.errors import ApiError

SHOWN, KEY = new_key("desk", [Role.READ])


def settings(**given: object) -> AccessSettings:
    return AccessSettings(**{name: value for name, value in given.items() if value is not None})


def test_without_settings_anyone_may_ask_for_all_they_like() -> None:
    access = open_access(settings(), processes=1)

    assert (access.keys, access.accounts, access.origins) == (None, None, ())


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({}, frozenset()),
        ({"open": True}, None),
        ({"keys": KEY.line}, None),
        ({"allowed_hosts": "api.example, desk"}, {"api.example", "desk"}),
        ({"open": True, "allowed_hosts": "api"}, {"api"}),
        ({"keys": KEY.line, "allowed_hosts": "api"}, {"api"}),
    ],
)
def test_who_asks_for_no_keys_and_is_not_open_answers_to_no_name_unless_it_is_given(
    given: dict[str, object], hosts: set[str] | None
) -> None:
    assert open_access(settings(**given), processes=1).hosts == hosts


def test_each_process_lets_in_its_share_of_the_rates() -> None:
    given = settings(rate_requests_per_second=0.1, rate_texts_per_second=300, rate_burst_seconds=5)

    accounts = open_access(given, processes=3).accounts

    assert accounts is not None
    requests, texts = accounts._rates
    assert (requests.unit, requests.per_second, requests.burst) == (Unit.REQUESTS, 0.1 / 3, 1.0)
    assert (texts.unit, texts.per_second, texts.burst) == (Unit.TEXTS, 100.0, 500.0)
    assert (requests.setting, texts.setting) == ("API_RATE_REQUESTS_PER_SECOND", "API_RATE_TEXTS_PER_SECOND")


@pytest.mark.parametrize("is_loopback", [True, False])
def test_with_keys_it_may_listen_anywhere(is_loopback: bool, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: FBT001  # what is told apart
    check_access(settings(keys=KEY.line), "192.0.2.7", is_loopback=is_loopback)

    assert capsys.readouterr().err == ""


def test_without_keys_it_listens_on_loopback_alone() -> None:
    check_access(settings(), "127.0.0.1", is_loopback=True)

    with pytest.raises(ApiError) as raised:
        check_access(settings(), "192.0.2.7", is_loopback=False)

    message = str(raised.value)
    assert message.startswith("other machines could reach 192.0.2.7, and nobody would be asked for a key")
    assert [word in message for word in ("`tickertape keys new NAME", "API_KEYS_FILE", "API_OPEN=true")] == [True] * 3


def test_who_says_so_may_open_it_and_is_warned(capsys: pytest.CaptureFixture[str]) -> None:
    check_access(settings(open=True), "192.0.2.7", is_loopback=False)

    assert capsys.readouterr().err == (
        "warning: other machines can reach 192.0.2.7, and nobody is asked for a key (API_OPEN)\n"
    )


def test_a_file_that_all_may_read_or_that_holds_no_key_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys.txt"
    file.write_text("# none yet\n")
    file.chmod(0o604)

    check_access(settings(keys_file=file), "127.0.0.1", is_loopback=True)

    assert [record.getMessage() for record in caplog.records] == ["no_key_is_known", "keys_file_readable_by_all"]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_a_wrong_key_is_an_error_before_the_first_request() -> None:
    with pytest.raises(ApiError, match="API_KEYS, entry 1: it holds a key itself"):
        check_access(settings(keys=SHOWN), "127.0.0.1", is_loopback=True)

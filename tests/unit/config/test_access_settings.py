import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.access import AccessSettings
from config.group import InvalidSettingsError


def test_lists_are_separated_by_commas_and_may_have_spaces() -> None:
    settings = AccessSettings(
        cors_origins="https://a.example, http://localhost:3000 ,http://[::1]:8080,",
        trusted_proxies="192.0.2.7, ::1,10.0.0.0/8",
    )

    assert settings.origins == ("https://a.example", "http://localhost:3000", "http://[::1]:8080")
    assert settings.proxies == ("192.0.2.7", "::1", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cors_origins", "*"),
        ("cors_origins", "null"),
        ("cors_origins", "https://a.example/"),
        ("cors_origins", "https://A.example"),
        ("cors_origins", "a.example"),
        ("cors_origins", "https://user@a.example"),
        ("cors_origins", "https://a.example:port"),
        ("cors_origins", "http://[::1"),
        ("trusted_proxies", "*"),
        ("trusted_proxies", "proxy.example"),
        ("trusted_proxies", "192.0.2.7/24"),
        ("allowed_hosts", "*"),
        ("allowed_hosts", "api.example:8000"),
        ("allowed_hosts", "Api.example"),
        ("allowed_hosts", "https://api.example"),
        ("allowed_hosts", "api..example"),
        ("root_path", "tickertape"),
        ("root_path", "/tickertape/"),
        ("root_path", "/"),
        ("root_path", "//evil.example"),
        ("root_path", "/a/../b"),
        ("root_path", "/%2e"),
        ("root_path", "/a\r\nset-cookie: x"),
        ("root_path", "/a\n"),
        ("rate_texts_per_second", -1),
        ("rate_burst_seconds", 0),
    ],
)
def test_what_is_not_allowed_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidSettingsError) as raised:
        AccessSettings(**{name: value})

    (problem,) = raised.value.problems
    assert problem.startswith(f"API_{name.upper()}")


@given(st.text(max_size=30))
def test_no_prefix_whatever_leads_to_another_server(text: str) -> None:
    try:
        settings = AccessSettings(root_path=text)
    except InvalidSettingsError:
        return

    assert settings.root_path == "" or settings.root_path[0] == "/"
    assert not settings.root_path.startswith("//")


def test_a_file_that_holds_no_key_asks_for_keys_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEYS", "")
    assert not AccessSettings().asks_for_keys

    monkeypatch.setenv("API_KEYS_FILE", "keys.txt")
    assert AccessSettings().asks_for_keys


def test_hashes_are_not_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEYS", "desk:read:0123")

    assert "0123" not in repr(AccessSettings())

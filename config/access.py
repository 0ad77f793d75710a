"""The settings of access to the HTTP API; a group like those of `config.settings`."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from config.group import SettingsGroup, UserPath

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")


def _origins(text: str) -> str:
    """Check that a setting is a list of origins as browsers send them."""
    for origin in _words(text):
        try:
            url = urlsplit(origin)
            is_origin = _ORIGIN.fullmatch(origin) and url.hostname and url.port != 0
        except ValueError:
            is_origin = False
        if not is_origin:
            raise ValueError(
                f"{origin!r:.100} is no origin like https://desk.example, in lower case and without a path"
            )
    return text


def _hosts(text: str) -> str:
    """Check that a setting is a list of host names."""
    for word in _words(text):
        if not _NAME.fullmatch(word):
            raise ValueError(f"{word!r:.100} is no host name like api.example, in lower case and without a port")
    return text


def _networks(text: str) -> str:
    """Check that a setting is a list of addresses and networks."""
    for word in _words(text):
        try:
            ipaddress.ip_network(word)
        except ValueError as exc:
            raise ValueError(f"{word!r:.100} is no address or network like 192.0.2.7 or 192.0.2.0/24") from exc
    return text


def _prefix(text: str) -> str:
    """Check that a setting is empty or a plain path."""
    if not _PREFIX.fullmatch(text) or {".", ".."} & set(text.split("/")):
        raise ValueError(f"{text!r:.100} is no path like /tickertape, without a slash at its end")
    return text


class AccessSettings(SettingsGroup):
    """Who may ask the HTTP API, how much, and through which proxy."""

    model_config = SettingsConfigDict(env_prefix="API_")

    keys: SecretStr = SecretStr("")
    """Entries `name:roles:hash` of keys, separated by white space; what `tickertape keys new` writes."""
    keys_file: UserPath | None = None
    """File of such entries, one a line; read again when it changes."""
    open: bool = False
    """Let other machines ask without a key; without keys only this machine may."""
    rate_requests_per_second: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    """Most requests of one client in a second, on average; 0 for no limit."""
    rate_texts_per_second: Annotated[float, Field(ge=0, le=10_000_000)] = 0.0
    """Most texts, and elements of feedback, of one client in a second, on average; 0 for no limit."""
    rate_burst_seconds: Annotated[float, Field(ge=1, le=3600)] = 10.0
    """So many seconds' worth a client that was quiet may ask for at once."""
    cors_origins: Annotated[str, AfterValidator(_origins)] = ""
    """Comma-separated origins whose pages may ask and read answers; empty for none but our own."""
    allowed_hosts: Annotated[str, AfterValidator(_hosts)] = ""
    """Comma-separated names that this server is asked by, beside `localhost` and addresses; if empty, any where it asks for
    keys or is open, else none."""
    root_path: Annotated[str, AfterValidator(_prefix)] = ""
    """Path under which a proxy shows the API; the proxy takes it off."""
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = ""
    """Comma-separated addresses and networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count."""

    @property
    def asks_for_keys(self) -> bool:
        """True when keys are given, also by a file that holds none."""
        return bool(self.keys.get_secret_value()) or self.keys_file is not None

    @property
    def origins(self) -> tuple[str, ...]:
        """Give the origins."""
        return _words(self.cors_origins)

    @property
    def hosts(self) -> frozenset[str] | None:
        """Give the names; None for any.

        Who asks for no keys lets in all of this machine, and so every page that passes for one of this machine.
        """
        names = _words(self.allowed_hosts)
        return None if not names and (self.asks_for_keys or self.open) else frozenset(names)

    @property
    def proxies(self) -> tuple[str, ...]:
        """Give the proxies."""
        return _words(self.trusted_proxies)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())

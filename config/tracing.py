"""The settings of traces; a group like those of `config.settings`."""

import re
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from config.group import SettingsGroup

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_PLAIN = re.compile(r"[!-~]+")  # ASCII without white space


def _endpoint(text: str) -> str:
    """Check that a setting is empty or a plain URL; what it holds is in no message, as it may have a password."""
    try:
        url = urlsplit(text)
        is_plain = url.scheme in {"http", "https"} and url.hostname and url.port != 0 and "@" not in url.netloc
    except ValueError:
        is_plain = False
    if text and not (is_plain and _PLAIN.fullmatch(text) and not {"?", "#"} & set(text)):
        raise ValueError("this is not like http://host:4318; what is secret goes into OTEL_EXPORTER_OTLP_HEADERS")
    return text


def _header_list(text: str) -> str:
    """Check that a setting is a list of headers; what it holds is in no message, as it may be secret."""
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = pair.partition("=")
        content = unquote(value)
        is_value = content.isascii() and content.isprintable()
        if not (equals and _HEADER_NAME.fullmatch(name.strip()) and is_value):
            raise ValueError("this is not like name=value,other=value with URL-encoded values")
    return text


class TraceSettings(SettingsGroup):
    """Traces of worker and API, by OpenTelemetry; the variables are those of its specification."""

    model_config = SettingsConfigDict(env_prefix="OTEL_")

    exporter_otlp_endpoint: Annotated[str, AfterValidator(_endpoint)] = ""
    """URL of an OTLP/HTTP receiver, without `/v1/traces`; empty for no traces."""
    exporter_otlp_headers: Annotated[str, Field(repr=False), AfterValidator(_header_list)] = ""
    """Headers for the receiver, URL-encoded values; they may be secret and are never logged."""
    service_name: Annotated[str, Field(max_length=200)] = ""
    """What the spans come from; empty means `tickertape-worker` or `tickertape-api`."""
    traces_sampler_arg: Annotated[float, Field(ge=0, le=1)] = 0.001
    """Share of the tweets and requests without a valid `traceparent` that is traced."""
    bsp_max_queue_size: Annotated[int, Field(ge=1, le=1_000_000)] = 2048
    """Spans of one process that wait for their export; further ones are lost, and nothing waits for them."""
    sdk_disabled: bool = False
    """Make no traces, even with an endpoint."""

    @property
    def is_on(self) -> bool:
        """True when traces are asked for."""
        return bool(self.exporter_otlp_endpoint) and not self.sdk_disabled

    @property
    def headers(self) -> dict[str, str]:
        """Give the headers for the receiver by their names."""
        pairs = (pair.partition("=") for pair in self.exporter_otlp_headers.split(",") if pair.strip())
        return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}

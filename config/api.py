"""The settings of the HTTP API; a group like those of `config.settings`."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from config.group import Port, SettingsGroup


class ApiSettings(SettingsGroup):
    """The HTTP API."""

    model_config = SettingsConfigDict(env_prefix="API_")

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Port = 8000
    """Port to listen on."""
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Processes that `tickertape serve --workers` starts, where it is given no number."""
    max_texts: Annotated[int, Field(ge=1, le=10_000)] = 1000
    """Most texts, or elements of feedback, in one request."""
    max_body_bytes: Annotated[int, Field(ge=1024, le=104_857_600)] = 4_194_304
    """Largest request body, in bytes."""
    max_requests: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Most requests with a body, of predictions and of feedback each, that one process works on at once; more get 503."""
    body_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Longest time that a request's body may take to arrive."""
    top_k: Annotated[int, Field(ge=1, le=20)] = 3
    """Labels with their probability in each answer; a request may ask for another number."""
    kept_versions: Annotated[int, Field(ge=1, le=100)] = 4
    """Registered versions, beside the one that answers, that one process keeps in memory for requests that name one."""
    live: bool = True
    """Whether each process reads the topics for the live page; without, `/live` and `/tickers` answer 503."""
    live_seconds: Annotated[float, Field(ge=0.2, le=60)] = 1.0
    """Time between two ticks of the live feed."""
    live_sample_bytes: Annotated[int, Field(ge=16_384, le=67_108_864)] = 524_288
    """Most bytes of classified tweets that the live feed reads in a tick; where more came, it is a sample of them."""
    live_streams: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Most streams of the live feed that one process has open; more get 503."""
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 2000
    """Most connections that are open in one process; requests on further ones get 503."""
    max_header_bytes: Annotated[int, Field(ge=1024, le=1_048_576)] = 32_768
    """Most bytes of a request's line and headers."""
    header_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """Longest time that they may take to arrive."""
    keep_alive_seconds: Annotated[int, Field(ge=1, le=3600)] = 75
    """Time that a connection stays open without a request; above the 60 of most proxies, so that they close first."""
    send_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Longest time that a client may take nothing of an answer."""

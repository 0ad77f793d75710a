import pytest

from config.group import InvalidSettingsError
from config.tracing import TraceSettings


def test_traces_are_off_without_an_endpoint_and_when_they_are_disabled() -> None:
    assert TraceSettings().is_on is False
    assert TraceSettings(exporter_otlp_endpoint="http://127.0.0.1:4318").is_on is True
    assert TraceSettings(exporter_otlp_endpoint="http://127.0.0.1:4318", sdk_disabled=True).is_on is False


def test_variables_are_those_of_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://traces.example/otlp")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "desk")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")

    settings = TraceSettings()

    assert settings.exporter_otlp_endpoint == "https://traces.example/otlp"
    assert (settings.traces_sampler_arg, settings.service_name, settings.sdk_disabled) == (0.25, "desk", True)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:4318", "http://[::1]:4318/", "https://traces.example", "https://traces.example/a/b"]
)
def test_plain_url_is_an_endpoint(endpoint: str) -> None:
    assert TraceSettings(exporter_otlp_endpoint=endpoint).exporter_otlp_endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "127.0.0.1:4318",
        "grpc://host:4317",
        "http://",
        "http://:4318",
        "http://host:port",
        "http://host:99999",
        "http://[::1",
        "http://user:secret@host",
        "http://host/?token=secret",
        "http://host/#secret",
        "http://a b",
        "http://host\n",
        " ",
    ],
)
def test_other_endpoint_is_refused_without_showing_it(endpoint: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        TraceSettings(exporter_otlp_endpoint=endpoint)

    said = "OTEL_EXPORTER_OTLP_ENDPOINT: this is not like http://host:4318; what is secret goes into OTEL_EXPORTER_OTLP_HEADERS"
    assert refused.value.problems == [said]


def test_headers_are_url_decoded_by_name() -> None:
    settings = TraceSettings(exporter_otlp_headers="Authorization=Basic%20YTpi==, x-team = desk,")

    assert settings.headers == {"authorization": "Basic YTpi==", "x-team": "desk"}
    assert "YTpi" not in repr(settings)


@pytest.mark.parametrize(
    "headers", ["authorization", "=secret", "a b=secret", "a=secret%0d%0aX-More: secret", "a=%C3%A9"]
)
def test_headers_of_another_form_are_refused_without_showing_them(headers: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        TraceSettings(exporter_otlp_headers=headers)

    said = "OTEL_EXPORTER_OTLP_HEADERS: this is not like name=value,other=value with URL-encoded values"
    assert refused.value.problems == [said]


@pytest.mark.parametrize("share", [-0.1, 1.1, "half", "nan"])
def test_share_that_is_none_is_refused(share: object) -> None:
    with pytest.raises(InvalidSettingsError, match=f"OTEL_TRACES_SAMPLER_ARG={share}: Input should be"):
        TraceSettings(traces_sampler_arg=share)

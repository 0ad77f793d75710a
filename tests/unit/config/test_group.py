import pytest

from config.access import AccessSettings
from config.api import ApiSettings
from config.drift import DriftSettings
from config.group import InvalidSettingsError, SettingsGroup
from config.kafka import KafkaSecuritySettings
from config.settings import (
    BrokerSettings,
    DemoSettings,
    LabellingSettings,
    ModelSettings,
    OnlineSettings,
    ProjectSettings,
    RegistrySettings,
    StreamSettings,
    TopicSettings,
)
from config.tracing import TraceSettings

GROUPS: tuple[type[SettingsGroup], ...] = (
    AccessSettings,
    ApiSettings,
    BrokerSettings,
    DemoSettings,
    DriftSettings,
    LabellingSettings,
    ModelSettings,
    OnlineSettings,
    ProjectSettings,
    RegistrySettings,
    StreamSettings,
    TopicSettings,
    TraceSettings,
)
NUMBERS = [
    pytest.param(group, f"{group.model_config['env_prefix']}{name}".upper(), id=f"{group.__name__}-{name}")
    for group in GROUPS
    for name, field in group.model_fields.items()
    if field.annotation in {int, float, bool}
]


@pytest.mark.parametrize(("group", "variable"), NUMBERS)
def test_setting_that_is_no_number_is_refused_by_its_variable_and_what_it_holds(
    group: type[SettingsGroup], variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "many")

    with pytest.raises(InvalidSettingsError) as refused:
        group()

    (problem,) = refused.value.problems
    assert problem.startswith(f"{variable}=many: Input should be a valid ")


def test_setting_with_a_name_of_its_own_is_refused_by_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELIVERY", "once")

    with pytest.raises(
        InvalidSettingsError, match=r"^DELIVERY=once: Input should be 'at_least_once' or 'exactly_once'$"
    ):
        StreamSettings()


def test_each_setting_that_is_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_SECONDS", "-1")
    monkeypatch.setenv("DEMO_RATE", "0")

    with pytest.raises(InvalidSettingsError) as refused:
        DemoSettings()

    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["DEMO_SECONDS=-1", "DEMO_RATE=0"]


def test_long_value_is_told_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPICS_RAW", "?" * 300)

    with pytest.raises(InvalidSettingsError, match=r"^TOPICS_RAW=\?{100}: String should match pattern"):
        TopicSettings()


def test_what_a_group_with_passwords_holds_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "a password by mistake")

    with pytest.raises(InvalidSettingsError, match=r"^KAFKA_SECURITY_PROTOCOL: Input should be 'PLAINTEXT'"):
        KafkaSecuritySettings()

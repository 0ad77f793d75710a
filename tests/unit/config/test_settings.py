from pathlib import Path

import pytest

from config.group import InvalidSettingsError
from config.settings import (
    KafkaSettings,
    ModelSettings,
    ProjectSettings,
    RegistrySettings,
    StreamSettings,
    child_environment,
)


def test_kafka_is_given_only_when_the_environment_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    assert (KafkaSettings().is_given, KafkaSettings().bootstrap_servers) == (False, "127.0.0.1:9092")

    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "a:1,b:2")
    assert (KafkaSettings().is_given, KafkaSettings().bootstrap_servers) == (True, "a:1,b:2")


def test_paths_may_name_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKERTAPE_DATA_DIR", "~/tweets")

    assert ProjectSettings().data_dir == Path.home() / "tweets"


def test_registry_is_a_sqlite_file_at_home_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert RegistrySettings().uri(Path("/srv/tape")) == "sqlite:////srv/tape/mlflow.db"

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert RegistrySettings().uri(Path("/srv/tape")) == "http://mlflow:5000"


@pytest.mark.parametrize(("name", "value"), [("CHUNK_SIZE_TWEETS", "0"), ("TOP_K", "21"), ("GROUP", "")])
def test_setting_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"STREAM_{name}", value)

    with pytest.raises(InvalidSettingsError, match=f"STREAM_{name}={value}: "):
        StreamSettings()


def test_threshold_and_target_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_ABSTAIN_BELOW", "0.5")
    assert ModelSettings().abstain_below == 0.5

    monkeypatch.setenv("MODEL_TARGET_ERROR_RATE", "0.1")
    with pytest.raises(InvalidSettingsError, match="both set: set one of them"):
        ModelSettings()


def test_child_environment_adds_to_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")

    environment = child_environment(ADDED="2")

    assert (environment["KEPT"], environment["ADDED"]) == ("1", "2")

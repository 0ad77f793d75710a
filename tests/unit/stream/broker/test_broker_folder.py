"""The data folder: its lock, its configuration and its last words."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import BrokerError
from stream.broker.folder import DataFolder, new_cluster_id

FAR_AWAY_PID = 2**22 + 1  # above Linux's largest process id, so nobody has it


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    folder = DataFolder(tmp_path / "kafka")
    yield folder
    folder.release()


def test_folder_in_use_is_an_error_that_names_both_processes(folder: DataFolder) -> None:
    folder.name_holder(4242)

    with pytest.raises(BrokerError, match=rf"process {os.getpid()}, Java 4242\): use that one, stop it"):
        DataFolder(folder.path)


def test_released_folder_can_be_used_again_though_its_lock_file_stays(folder: DataFolder) -> None:
    folder.name_holder(4242)
    folder.release()
    folder.release()

    DataFolder(folder.path).release()

    assert (folder.path / "broker.lock").read_text() == f"{os.getpid()} 4242\n"


def test_lock_file_with_garbage_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "broker.lock").write_bytes(b"\xff what")

    folder = DataFolder(tmp_path)

    folder.name_holder(4242)
    assert (tmp_path / "broker.lock").read_text() == f"{os.getpid()} 4242\n"
    folder.release()


def test_child_that_inherits_the_lock_holds_the_folder_after_its_release(folder: DataFolder) -> None:
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, pass_fds=[folder.lock_descriptor]) as child:
        folder.name_holder(child.pid)
        folder.release()
        with pytest.raises(BrokerError, match=f"Java {child.pid}"):
            DataFolder(folder.path)
        assert child.stdin is not None
        child.stdin.close()
        child.wait()

    DataFolder(folder.path).release()


def test_folder_whose_python_was_killed_is_waited_for_until_its_java_has_ended(folder: DataFolder) -> None:
    script = "import time; time.sleep(0.5)"
    with subprocess.Popen([sys.executable, "-c", script], pass_fds=[folder.lock_descriptor]) as child:
        os.pwrite(folder.lock_descriptor, f"{FAR_AWAY_PID} {child.pid}\n".encode(), 0)
        folder.release()

        DataFolder(folder.path).release()

        assert child.wait() == 0


def test_path_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(BrokerError, match=r"can't be written .*: choose another with --data-dir"):
        DataFolder(tmp_path / "file")


def test_path_with_a_comma_is_an_error_since_kafka_would_split_it(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="holds a comma"):
        DataFolder(tmp_path / "a,b")


def test_configuration_listens_on_this_machine_only_and_keeps_the_voter_out_of_the_data(folder: DataFolder) -> None:
    folder.write_properties(port=1234, controller_port=5678, topics=folder.topics, more={})

    lines = folder.properties.read_text().splitlines()
    assert "listeners=PLAINTEXT://127.0.0.1:1234,CONTROLLER://127.0.0.1:5678" in lines
    assert "advertised.listeners=PLAINTEXT://127.0.0.1:1234" in lines
    assert "controller.quorum.voters=1@127.0.0.1:5678" in lines
    assert "auto.create.topics.enable=false" in lines
    assert f"log.dirs={folder.topics}" in lines


def test_more_listeners_come_beside_the_plain_one_and_other_settings_in_place_of_ours(folder: DataFolder) -> None:
    more = {
        "listeners": "TLS://127.0.0.1:3",
        "advertised.listeners": "TLS://127.0.0.1:3",
        "listener.security.protocol.map": "TLS:SSL",
        "num.io.threads": "8",
        "ssl.keystore.type": "PEM",
    }

    folder.write_properties(port=1, controller_port=2, topics=folder.topics, more=more)

    lines = folder.properties.read_text().splitlines()
    assert "listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2,TLS://127.0.0.1:3" in lines
    assert "advertised.listeners=PLAINTEXT://127.0.0.1:1,TLS://127.0.0.1:3" in lines
    assert "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,TLS:SSL" in lines
    assert [line for line in lines if line.startswith(("num.io", "ssl."))] == [
        "num.io.threads=8",
        "ssl.keystore.type=PEM",
    ]


def test_path_that_is_not_ascii_is_escaped_as_java_reads_it(folder: DataFolder) -> None:
    folder.write_properties(port=1, controller_port=2, topics=Path("/caf\u00e9/\U0001f600/back\\slash"), more={})

    assert "log.dirs=/caf\\u00e9/\\ud83d\\ude00/back\\\\slash" in folder.properties.read_text().splitlines()


def test_new_folder_belongs_to_no_cluster(folder: DataFolder) -> None:
    assert folder.cluster_id is None


def test_cluster_is_read_from_what_kafka_wrote(folder: DataFolder) -> None:
    folder.topics.mkdir()
    (folder.topics / "meta.properties").write_text("#\ncluster.id=abc-_1\nnode.id=1\nversion=1\n")

    assert folder.cluster_id == "abc-_1"


def test_folder_that_names_no_cluster_is_an_error(folder: DataFolder) -> None:
    folder.topics.mkdir()
    (folder.topics / "meta.properties").write_text("node.id=1\n")

    with pytest.raises(BrokerError, match="names no cluster"):
        _ = folder.cluster_id


def test_cluster_ids_differ_and_have_kafkas_form() -> None:
    ids = {new_cluster_id() for _ in range(200)}

    assert len(ids) == 200
    assert {len(cluster_id) for cluster_id in ids} == {22}
    assert not any(cluster_id.startswith("-") for cluster_id in ids)


def test_last_words_begin_with_the_errors_of_this_start_and_leave_out_stack_traces(folder: DataFolder) -> None:
    folder.log.write_text("ERROR of an earlier start\n")
    folder.mark_log()
    with folder.log.open("a") as log:
        log.write("INFO starting\nERROR no space\njava.io.IOException: disk\n\tat kafka.Log\nINFO bye\n")

    assert folder.last_words() == "ERROR no space | java.io.IOException: disk | INFO bye"


def test_last_words_without_an_error_are_the_last_lines(folder: DataFolder) -> None:
    folder.java_output.write_text("one\ntwo\n\nthree\nfour\n")

    assert folder.last_words() == "two | three | four"


def test_log_that_was_rolled_over_is_read_from_its_beginning(folder: DataFolder) -> None:
    folder.log.write_text("a long log of earlier starts\n")
    folder.mark_log()
    folder.log.write_text("ERROR new\n")

    assert folder.log_says("ERROR new")


def test_empty_log_hints_at_a_full_disk(folder: DataFolder) -> None:
    assert folder.last_words() == "nothing (is the disk full?)"

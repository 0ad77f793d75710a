"""`tickertape fetch-data`, against a real HTTP server on this machine."""

import http.server
import json
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import tickertape
from models.data.published import FILES

Site = Any  # the fixture's own class stands in conftest.py, which tests can't import


def labelled(rows: int, labels: int) -> bytes:
    return ("text,label\n" + "".join(f"Tweet {row},{row % labels}\n" for row in range(rows))).encode()


def serve_all(site: Site) -> None:
    for file in FILES:
        site.answers[file.url("")] = [labelled(file.rows, file.labels)]


def test_command_fetches_all_four_files_and_later_runs_check_them_offline(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_all(site)
    monkeypatch.setenv("TICKERTAPE_HUB_URL", site.url)
    monkeypatch.setenv("TICKERTAPE_DATA_DIR", str(tmp_path))

    first = tickertape.main(["fetch-data", "--accept-changed", "--json"])
    downloaded = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("TICKERTAPE_HUB_URL", "http://127.0.0.1:1")
    second = tickertape.main(["fetch-data"])
    text = capsys.readouterr().out

    assert (first, second) == (0, 0)
    assert downloaded["folder"] == str(tmp_path)
    assert [(file["name"], file["rows"], file["source"]) for file in downloaded["files"]] == [
        ("topic_train.csv", 16990, "downloaded"),
        ("topic_valid.csv", 4117, "downloaded"),
        ("sent_train.csv", 9543, "downloaded"),
        ("sent_valid.csv", 2388, "downloaded"),
    ]
    assert all(file["sha256"] in text for file in downloaded["files"])
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)  # noqa: S607  # coreutils


def test_command_refuses_changed_training_file_in_one_line(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_all(site)
    monkeypatch.setenv("TICKERTAPE_HUB_URL", site.url)

    code = tickertape.main(["fetch-data", "--data-dir", str(tmp_path)])

    output = capsys.readouterr()
    assert code == 1
    assert output.out == ""
    assert output.err.startswith("tickertape fetch-data: topic_train.csv from the hub has sha256 ")
    assert output.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_command_refuses_a_folder_without_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tickertape.main(["fetch-data", "--data-dir", ""])

    assert ended.value.code == 2
    assert "the name of the folder is empty" in capsys.readouterr().err


# A limit on the size of files stands for a full disk: the write fails in the middle in the same way.
FULL_DISK = """
import resource, sys, tickertape
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
sys.exit(tickertape.main(sys.argv[1:]))
"""


def test_full_disk_leaves_nothing_half_written(site: Site, tmp_path: Path) -> None:
    serve_all(site)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY

    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK, "fetch-data", "--accept-changed", "--data-dir", str(tmp_path)],
        env={"TICKERTAPE_HUB_URL": site.url},
        cwd=Path(tickertape.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr == f"tickertape fetch-data: can't write to {tmp_path}: File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_interrupt_fails_and_leaves_nothing_half_written(site: Site, tmp_path: Path) -> None:
    reached = threading.Event()
    woken = threading.Event()

    def stall(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(b"text,label\n")
        reached.set()
        woken.wait(60)

    site.answers[FILES[0].url("")] = [stall]
    process = subprocess.Popen(
        [sys.executable, "-m", "tickertape", "fetch-data", "--data-dir", str(tmp_path)],
        env={"TICKERTAPE_HUB_URL": site.url},
        cwd=Path(tickertape.__file__).parents[1],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert reached.wait(60)
    while not list(tmp_path.glob(".*.part")):  # the interrupt shall come while the file is being written
        assert process.poll() is None
        time.sleep(0.01)

    process.send_signal(2)
    error = process.communicate(timeout=60)[1]

    woken.set()
    assert process.returncode == 1
    assert error.startswith("tickertape fetch-data: interrupted: 0 of 4 files are in ")
    assert list(tmp_path.iterdir()) == []

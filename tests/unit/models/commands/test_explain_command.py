import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tickertape import main

Run = Callable[..., int]


@pytest.fixture(autouse=True)
def without_registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TICKERTAPE_HOME", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_each_text_is_explained_with_its_terms_and_sums(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["explain", "$TSLA [b]shares surge", "Crude oil falls", "--top", "2"])

    shown = capsys.readouterr().out
    assert code == 0
    assert "$TSLA [b]shares surge\ntopic: Stock Movement, before " in shown
    assert "Crude oil falls\ntopic: Energy | Oil, before " in shown
    assert shown.count("total") == 4


def test_lines_of_standard_input_become_json_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Oil falls\n\n  \nGold rises \xff\n")))

    code = main(["explain", "-", "--json", "--top", "1"])

    explained = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [one["text"] for one in explained] == ["Oil falls", "Gold rises \ufffd"]
    assert [len(one["explanation"]["label"]["terms"]) for one in explained] == [1, 1]


def test_text_of_white_space_is_one_line_of_error(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["explain", " "])

    assert code == 1
    assert capsys.readouterr().err == "tickertape explain: text must hold more than white space\n"


def test_bytes_that_are_no_utf8_are_shown_as_question_marks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "oil \udcff falls"]) == 0
    assert "oil ? falls" in capsys.readouterr().out

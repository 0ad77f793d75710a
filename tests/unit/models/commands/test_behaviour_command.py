import json
from pathlib import Path

import pytest

from models.behaviour.card import BEGIN, END
from models.behaviour.cases import KNOWN_FAILURES_FILE, cases, known_failures
from models.commands import behaviour
from models.predictor import pretrained_predictor
from tickertape import main


@pytest.fixture(autouse=True)
def without_registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TICKERTAPE_HOME", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.mark.parametrize("option", [[], ["--registered"]])
def test_report_names_the_model_its_rates_and_its_failures(
    capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    code = main(["behaviour", *option])

    shown = capsys.readouterr().out
    passed = len(cases()) - len(known_failures())
    assert code == 0
    assert f"{pretrained_predictor(1).model.version} passes {passed} of {len(cases())} cases" in shown
    assert "invariance: tickers" in shown


def test_json_has_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    main(["behaviour", "--json"])

    report = json.loads(capsys.readouterr().out)
    assert [outcome["case"]["id"] for outcome in report["outcomes"]] == [case.id for case in cases()]
    assert report["total"] == {"passed": len(cases()) - len(known_failures()), "cases": len(cases())}


def test_other_failure_than_the_known_ones_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fixed_predictor: object
) -> None:
    monkeypatch.setattr(behaviour, "pretrained_predictor", lambda _: fixed_predictor)

    code = main(["behaviour"])

    assert code == 1
    assert "NO" in capsys.readouterr().out


def test_accept_writes_the_failures_and_the_part_of_the_card_between_the_marks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = tmp_path / "model-card.md"
    card.write_text(f"# Card\n{BEGIN}\nold\n{END}\nrest\n", encoding="utf-8")
    monkeypatch.setattr(behaviour, "_CARD", card)
    monkeypatch.setattr(behaviour, "FOLDER", tmp_path)

    code = main(["behaviour", "--accept"])

    written = card.read_text(encoding="utf-8")
    assert code == 0
    assert set((tmp_path / KNOWN_FAILURES_FILE).read_text(encoding="utf-8").split()) == known_failures()
    assert written.startswith(f"# Card\n{BEGIN}\n`{pretrained_predictor(1).model.version}` passes ")
    assert written.endswith(f"{END}\nrest\n")
    assert "old" not in written.split("|")[0]


def test_accept_outside_a_checkout_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(behaviour, "_CARD", tmp_path / "model-card.md")

    code = main(["behaviour", "--accept"])

    assert code == 1
    assert capsys.readouterr().err.endswith("model-card.md: --accept works in a checkout only\n")


def test_accept_is_for_the_shipped_model_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["behaviour", "--accept", "--registered"])

    assert left.value.code == 2
    assert "not allowed with" in capsys.readouterr().err

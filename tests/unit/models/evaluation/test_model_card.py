# ruff: noqa: PLC0415 -- scikit-learn and matplotlib cost seconds, which only these tests pay
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.errors import ModelError

if TYPE_CHECKING:
    from models.evaluation.findings import Findings

pytestmark = pytest.mark.training  # what it shows comes from modules that train


@pytest.fixture
def findings() -> "Findings":
    """Findings on two tweets."""
    from models.careful.measuring import CarefulHead, CarefulPoint
    from models.data.dataset import HeadSplit, LabelledTweets, Split
    from models.evaluation.findings import Findings
    from models.evaluation.learning_curve import LearningPoint
    from models.evaluation.metrics import evaluate
    from models.evaluation.predecessor import PREDECESSOR, ProtocolScores
    from models.predictor import pretrained_predictor
    from models.training.arguments import TrainingArguments

    tweets = LabelledTweets(("Fed hikes rates", "Company launches phone"), np.array([1, 2]))
    head = HeadSplit(tweets, tweets)
    split = Split(head, head, is_published=False, data_sha256="abc")
    return Findings(
        arguments=TrainingArguments(),
        data_sha256="abc",
        held_out="split off",
        has_teacher=False,
        evaluation=evaluate(pretrained_predictor(1).scorer.weights, split),
        learning_curve=(LearningPoint(0.5, 1, 0.25, 0.125, 1, 0.5, 0.75),),
        care=(
            CarefulPoint(0.0, CarefulHead(0.5, 0.25, 0.125), CarefulHead(0.75, 0.5, 0.25), 1234.4),
            CarefulPoint(0.1, CarefulHead(0.75, 0.5, 0.25), CarefulHead(1.0, 1.0, 0.0), 56.0),
        ),
        predecessor=ProtocolScores(("Macro", "other"), 1234, PREDECESSOR, PREDECESSOR, PREDECESSOR),
    )


def test_card_keeps_its_words_and_gets_tables_and_pictures(tmp_path: Path, findings: "Findings") -> None:
    from models.evaluation.model_card import BEGIN, END, write_figures

    card = tmp_path / "card.md"
    card.write_text(f"# Card\n\n{BEGIN}\nold figures\n{END}\n\nBy hand.\n", encoding="utf-8")

    write_figures(findings, card)
    once = card.read_text(encoding="utf-8")
    write_figures(findings, card)

    assert card.read_text(encoding="utf-8") == once
    assert once.startswith(f"# Card\n\n{BEGIN}\n")
    assert once.endswith(f"\n{END}\n\nBy hand.\n")
    assert "old figures" not in once
    assert "| Fed \\| Central Banks | 1 |" in once
    assert "| 50% | 1 | 0.250 | 0.125 | 1 | 0.500 | 0.750 |" in once
    assert "| predecessor | 0.736 | 0.731 | 0.729 |" in once
    assert "| none: fast | 0.500 | 0.250 | 0.125 | 0.750 | 0.500 | 0.250 | 1,234 |" in once
    assert "| 10% | 0.750 | 0.500 | 0.250 | 1.000 | 1.000 | 0.000 | 56 |" in once
    pictures = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert pictures == ["care.png", "confusion-sentiment.png", "confusion-topic.png", "coverage.png"]
    assert all(f"](images/{name})" in once for name in pictures)
    assert (tmp_path / "images" / "coverage.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("content", ["no marks", "<!-- written by `tickertape evaluate --card`: begin -->"])
def test_card_without_both_marks_is_refused_and_stays(tmp_path: Path, findings: "Findings", content: str) -> None:
    from models.evaluation.model_card import write_figures

    card = tmp_path / "card.md"
    card.write_text(content, encoding="utf-8")

    with pytest.raises(ModelError, match="lacks the lines"):
        write_figures(findings, card)

    assert [path.name for path in tmp_path.iterdir()] == ["card.md"]

from pathlib import Path

import pytest

from models.data.dataset import read_topics
from models.training.arguments import TrainingArguments

LABELLED = Path(__file__).parents[3] / "data" / "labelled"


@pytest.mark.training
def test_small_topics_become_other_and_repeats_are_left_out_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    from models.evaluation import predecessor  # noqa: PLC0415  # imports scikit-learn, which costs seconds

    monkeypatch.setattr(predecessor, "MIN_ROWS", 20)  # the project's own tweets are few
    tweets = read_topics(LABELLED)
    told: list[tuple[int, int]] = []

    scores = predecessor.predecessor_protocol(
        tweets.joined(tweets), TrainingArguments(), progress=lambda _, done, total: told.append((done, total))
    )

    assert scores.classes == (*predecessor.KEPT, "other")
    assert scores.rows == 2 * len(tweets)
    assert scores.ours.f1 > scores.ours_without_repeats.f1  # each test tweet may also be a training tweet
    assert scores.ours_without_repeats.recall > 0.8  # 0.7 by always saying `other`
    assert told == [(done, 6) for done in range(7)]


@pytest.mark.training
def test_topics_with_too_few_rows_are_not_kept() -> None:
    from models.evaluation.predecessor import predecessor_protocol  # noqa: PLC0415  # as above

    scores = predecessor_protocol(read_topics(LABELLED), TrainingArguments(), progress=lambda *_: None)

    assert scores.classes == ("other",)

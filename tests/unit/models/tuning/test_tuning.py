# ruff: noqa: PLC0415 -- scikit-learn and Optuna cost seconds, which only these tests pay
"""The search for arguments: what is measured on what, and a study that goes on."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from msgspec.structs import replace as with_values

from models.data.dataset import HeadSplit, LabelledTweets, Split
from models.errors import ModelError
from models.training.arguments import TrainingArguments

if TYPE_CHECKING:
    from models.tuning.folds import Folds
    from models.tuning.search import Findings, Tried

pytestmark = pytest.mark.training

PRESENT = TrainingArguments(min_tweets_per_feature=3, label_inverse_regularisation=0.0123456)
TEXTS = tuple(" ".join(words) for words in product(("oil", "gold", "up", "down"), repeat=3))
LABELLED = LabelledTweets(TEXTS, np.array([6 if text.count("oil") > text.count("gold") else 10 for text in TEXTS]))
FELT = LabelledTweets(TEXTS, np.array([2 if text.count("up") > text.count("down") else 0 for text in TEXTS]))

Session = Callable[..., "list[Tried]"]


@pytest.fixture
def folds() -> "Folds":
    from models.tuning.folds import deal

    return deal(LABELLED, FELT, seed=7)


@pytest.fixture
def session(folds: "Folds", tmp_path: Path) -> Session:
    """Add trials to a study, as one call of the command does; gives those that ended."""
    from models.tuning.search import search
    from models.tuning.study import open_study

    def call(trial_count: int, *, home: Path = tmp_path, stop_at: str = "never") -> "list[Tried]":
        ended: list[Tried] = []

        def progress(step: str, *_: int) -> None:
            if step == stop_at:
                raise KeyboardInterrupt

        with open_study(home, "study", seed=7) as study:
            search(study, folds, PRESENT, trial_count=trial_count, seconds=None, record=ended.append, progress=progress)
        return ended

    return call


@pytest.fixture
def found(folds: "Folds", tmp_path: Path) -> "Callable[[], Findings | None]":
    """Read what the study has found."""
    from models.tuning.search import findings
    from models.tuning.study import open_study

    def read() -> "Findings | None":
        with open_study(tmp_path, "study", seed=7) as study:
            return findings(study, folds, PRESENT)

    return read


def test_no_tweet_is_answered_by_a_model_that_learned_from_it() -> None:
    from models.tuning.folds import deal

    names = [f"{one}{other}" for one in "abcdefghij" for other in "klmnopqrst"]
    labelled = LabelledTweets(tuple(names), np.arange(100) % 2)  # nothing but its own word tells a tweet's class
    folds = deal(labelled, FELT, seed=1)

    *_, said = folds.answers(TrainingArguments(min_tweets_per_feature=1))

    assert folds.figures(said).label_accuracy < 0.7
    assert folds.figures(said).sentiment_accuracy > 0.7


def test_figures_are_those_of_the_tweets_that_are_answered_so_far(folds: "Folds") -> None:
    from models.tuning.folds import UNANSWERED

    labels, sentiments = (head.classes.copy() for head in folds.heads)
    labels[::2] = UNANSWERED
    sentiments[3:] = UNANSWERED
    sentiments[0] = (sentiments[0] + 1) % 3

    figures = folds.figures((labels, sentiments))

    assert (figures.label_accuracy, figures.label_macro_f1) == (1.0, 1.0)
    assert figures.sentiment_accuracy == pytest.approx(2 / 3)


def test_gain_counts_each_figure_a_quarter_and_turns_with_the_sides(folds: "Folds") -> None:
    right = folds.heads[0].classes, folds.heads[1].classes
    wrong = right[0], (right[1] + 1) % 3

    better, worse = folds.gain(right, wrong), folds.gain(wrong, right)

    assert (better.value, worse.value) == (0.5, -0.5)  # both figures of one head of two
    assert folds.gain(right, right).high == 0


def test_first_trial_is_the_present_arguments_digit_for_digit(
    session: Session, found: "Callable[[], Findings | None]"
) -> None:
    first, *others = session(3)

    assert (first.number, first.state, len(first.folds)) == (0, "complete", 5)
    assert {name: getattr(PRESENT, name) for name in first.arguments} == first.arguments
    assert [one.arguments != first.arguments for one in others] == [True, True]
    findings = found()
    assert findings is not None
    assert findings.present.arguments == first.arguments
    assert findings.present.mean == first.folds[-1]["mean"]
    assert findings.best.mean == max(one.folds[-1]["mean"] for one in (first, *others))


def test_gain_is_measured_on_folds_that_the_best_was_not_chosen_on(
    session: Session, found: "Callable[[], Findings | None]", folds: "Folds"
) -> None:
    session(3)

    findings = found()

    others = folds.dealt_anew(seed=8)
    *_, theirs = others.answers(PRESENT)
    assert findings is not None
    *_, ours = others.answers(with_values(PRESENT, **findings.best.arguments))
    assert findings.best.trial != findings.present.trial
    assert findings.gain == others.gain(ours, theirs)
    assert [rows.tolist() for rows, _ in others.rows[0]] != [rows.tolist() for rows, _ in folds.rows[0]]


def test_study_goes_on_where_it_was_and_tries_nothing_twice(
    session: Session, found: "Callable[[], Findings | None]"
) -> None:
    first, again = session(2), session(2)

    assert [one.number for one in first + again] == [0, 1, 2, 3]
    tried = [tuple(one.arguments.values()) for one in first + again]
    assert len(set(tried)) == 4
    findings = found()
    assert findings is not None
    assert findings.present.trial == 0


def test_equal_calls_try_the_same(session: Session, tmp_path: Path) -> None:
    assert session(2, home=tmp_path / "one") == session(2, home=tmp_path / "other")


def test_trial_that_a_kill_left_unfinished_fails_and_does_not_count(
    session: Session, found: "Callable[[], Findings | None]", tmp_path: Path
) -> None:
    from models.tuning.study import open_study

    session(1)
    with open_study(tmp_path, "study", seed=7) as study:
        study.ask()  # and nobody tells how it ended

    ended = session(1)

    assert [one.number for one in ended] == [2]
    findings = found()
    assert findings is not None
    assert findings.trials == {"complete": 2, "pruned": 0, "failed": 1}


def test_interrupt_keeps_the_trials_before_it(session: Session, found: "Callable[[], Findings | None]") -> None:
    with pytest.raises(KeyboardInterrupt):
        session(5, stop_at="trial 2, fold 4 of 5")

    findings = found()
    assert findings is not None
    assert findings.trials == {"complete": 2, "pruned": 0, "failed": 1}


def test_interrupt_of_the_first_trial_leaves_it_for_the_next_call(
    session: Session, found: "Callable[[], Findings | None]"
) -> None:
    with pytest.raises(KeyboardInterrupt):
        session(5, stop_at="trial 0, fold 2 of 5")
    assert found() is None

    session(1)

    findings = found()
    assert findings is not None
    assert findings.present.trial == 1


def test_study_is_named_by_all_that_figures_depend_on_but_what_is_searched() -> None:
    from models.tuning.study import study_name

    tweets = HeadSplit(LABELLED, LABELLED)
    split = Split(tweets, tweets, is_published=False, data_sha256="one")
    name = study_name(split, PRESENT)

    assert study_name(split, with_values(PRESENT, label_inverse_regularisation=2.0, teacher_epochs=1)) == name
    others = {
        study_name(replace(split, data_sha256="other"), PRESENT),
        study_name(split, with_values(PRESENT, seed=8)),
        study_name(split, with_values(PRESENT, held_out_share=0.2)),
    }
    assert len(others | {name}) == 4


def test_study_that_another_process_uses_is_refused(tmp_path: Path) -> None:
    from models.tuning.study import open_study

    with (
        open_study(tmp_path, "study", seed=7),
        pytest.raises(ModelError, match=r"another `tickertape tune` uses .*tune.db"),
        open_study(tmp_path, "study", seed=7),
    ):
        pytest.fail("the study was opened twice")


@pytest.mark.parametrize("content", ["no database, but long enough to look at it as if it were one", None])
def test_file_that_holds_no_study_is_refused(tmp_path: Path, content: str | None) -> None:
    from models.tuning.study import open_study

    path = tmp_path / "tune.db"
    path.mkdir() if content is None else path.write_text(content)

    with pytest.raises(ModelError, match=r"tune.db can't be used for the trials: .*; move the file away"):
        open_study(tmp_path, "study", seed=7).__enter__()

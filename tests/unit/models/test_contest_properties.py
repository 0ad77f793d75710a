"""What holds of the contest whatever is said and labelled."""

from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contest import FLOOR, Contest
from models.contest_records import ContestDecision, ContestEvent, ContestState
from models.online.truth import UNKNOWN, Scores, Truth
from models.taxonomy import LABELS, SENTIMENTS

Array = np.ndarray
SIZES = (len(LABELS), len(SENTIMENTS))
LABELLED = 1_000


class Labelled(NamedTuple):
    """Texts with labels, and what was said of them."""

    scores: Scores
    truth: Truth
    selection: Array
    challenger: Array

    def part(self, begin: int, end: int) -> "Labelled":
        part = slice(begin, end)
        scores = Scores(*(one[part] for one in self.scores))
        return Labelled(scores, self.truth[part], self.selection[part], self.challenger[part])


def counted(contest: Contest, labelled: Labelled) -> tuple[ContestEvent, ...]:
    return contest.add(labelled.scores, labelled.truth, labelled.selection, challenger=labelled.challenger)


def any_classes(chooser: np.random.Generator) -> Truth:
    return np.column_stack([chooser.integers(0, size, LABELLED) for size in SIZES])


def blurred(chooser: np.random.Generator, classes: Truth) -> Array:
    """Probabilities that give these answers nearly always, and are sure of them to different degrees."""
    heads = [
        0.6 * np.eye(size)[column] + 0.4 * chooser.dirichlet(np.ones(size), LABELLED)
        for size, column in zip(SIZES, classes.T, strict=True)
    ]
    return np.hstack(heads)


def labelled_by(seed: int) -> Labelled:
    """Give labels on which batch, online and challenger take turns at being good; in the end the online model is bad."""
    chooser = np.random.default_rng(seed)
    accuracies = np.vstack([chooser.choice([0.1, 0.5, 0.9], (4, 3)), [[0.9, 0.1, 0.9]]]).repeat(LABELLED // 5, axis=0)
    truth = any_classes(chooser)
    batch, online, challenger = (
        blurred(chooser, np.where(chooser.random(truth.shape) < column[:, None], truth, any_classes(chooser)))
        for column in accuracies.T
    )
    truth[chooser.random(truth.shape) < 0.1] = UNKNOWN
    return Labelled(
        Scores(batch=batch, online=online, served=online),
        truth,
        selection=chooser.choice([0.02, 0.5, 1.0], LABELLED),
        challenger=challenger,
    )


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, LABELLED), max_size=8))
@settings(max_examples=40, deadline=None)
def test_groups_of_labels_and_restarts_between_them_make_no_difference(seed: int, cuts: list[int]) -> None:
    labelled = labelled_by(seed)
    whole, restarted = Contest(), Contest()
    told: list[ContestEvent] = []

    events = counted(whole, labelled)

    for begin, end in pairwise([0, *sorted(cuts), LABELLED]):
        told += counted(restarted, labelled.part(begin, end))
        restarted = Contest(msgspec.json.decode(msgspec.json.encode(restarted.state), type=ContestState))
    assert tuple(told) == events != ()
    assert restarted.state == whole.state


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_each_decision_follows_from_the_one_before_and_a_bad_model_does_not_answer_in_the_end(seed: int) -> None:
    contest = Contest()

    events = counted(contest, labelled_by(seed))

    for place, head in enumerate(("topic", "sentiment")):
        decisions = [one for one in events if isinstance(one, ContestDecision) and one.head == head]
        answerers = ["online", *(one.answers for one in decisions)]
        assert [one.before for one in decisions] == answerers[:-1]
        assert all(before != after for before, after in pairwise(answerers))
        assert contest.answering[place] == answerers[-1] == "batch"
        assert getattr(contest.state, head).better.logarithm >= FLOOR

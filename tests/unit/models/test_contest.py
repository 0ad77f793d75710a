"""Which model answers, and what is told about it."""

import re
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from models.contest import BETTER, Contest
from models.contest_records import ChallengerLead, ContestDecision, ContestEvent, ContestState, DriftAlarm, HeadState
from models.online.truth import UNKNOWN, Scores
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import COLUMNS

Array = np.ndarray
TOPICS = len(LABELS)


def said(topics: Array, sentiments: Array | None = None, *, certainty: float = 0.8) -> Array:
    """Probabilities of n texts in which each head is this sure of the given classes."""
    count = len(topics)
    rows = np.full((count, COLUMNS), (1 - certainty) / (TOPICS - 1))
    rows[:, TOPICS:] = (1 - certainty) / (len(SENTIMENTS) - 1)
    rows[np.arange(count), topics] = certainty
    rows[np.arange(count), TOPICS + (np.zeros(count, dtype=int) if sentiments is None else sentiments)] = certainty
    return rows


def scores(batch: Array, online: Array) -> Scores:
    return Scores(batch, online, online)


def topics_of(classes: Array) -> Array:
    return np.column_stack([classes, np.full(len(classes), UNKNOWN)])


def mostly(chooser: np.random.Generator, truth: Array, accuracy: float) -> Array:
    """Answers of which about so many are right, the others being any class."""
    return np.where(chooser.random(len(truth)) < accuracy, truth, chooser.integers(0, TOPICS, len(truth)))


class Story:
    """Labels in which calm is followed by something; what the two models say of them is up to the test."""

    def __init__(self, seed: int, *, calm: int = 500, after: int = 1_000) -> None:
        self.chooser = np.random.default_rng(seed)
        self.truth = self.chooser.integers(0, TOPICS, calm + after)
        self.batch = mostly(self.chooser, self.truth, 0.8)
        self.online = np.where(
            self.chooser.random(calm + after) < 0.95, self.batch, mostly(self.chooser, self.truth, 0.8)
        )
        self.labels = self.truth.copy()
        self.after = slice(calm, None)

    def told(self) -> tuple[ContestEvent, ...]:
        return Contest().add(*self.records())

    def records(self) -> tuple[Scores, Array]:
        return scores(said(self.batch), said(self.online)), topics_of(self.labels)


def noisy(seed: int) -> Story:
    """After the calm all labels are random, and the online model learns them: it says anything."""
    story = Story(seed)
    count = len(story.labels[story.after])
    story.labels[story.after] = story.chooser.integers(0, TOPICS, count)
    story.online[story.after] = story.chooser.integers(0, TOPICS, count)
    return story


def moved(seed: int) -> Story:
    """After the calm all classes mean the next one, which the online model has learned after 20 labels."""
    story = Story(seed)
    story.labels[story.after] = (story.truth[story.after] + 1) % TOPICS
    late = slice(story.after.start + 20, None)
    story.online[late] = mostly(story.chooser, story.labels[late], 0.8)
    return story


def test_the_online_model_answers_first() -> None:
    assert Contest().answering == ("online", "online")


@pytest.mark.parametrize("seed", range(5))
def test_nothing_happens_while_both_do_as_well_as_ever(seed: int) -> None:
    assert Story(seed, after=4_500).told() == ()


@pytest.mark.parametrize("seed", range(5))
def test_random_labels_put_the_online_model_aside_within_30_labels_and_for_good(seed: int) -> None:
    alarm, decision = noisy(seed).told()

    assert isinstance(alarm, DriftAlarm)
    assert isinstance(decision, ContestDecision)
    assert (decision.head, decision.before, decision.answers) == ("topic", "online", "batch")
    assert 500 < decision.labels == alarm.labels <= 530
    assert alarm.surprise > 0.6
    assert alarm.mean_surprise < 0.3
    assert re.fullmatch(
        r"The batch model answers: labels are more surprising, and the online model does no better on them: "
        r"of the last \d+ labels the online model had \d+ right and the batch model \d+\.",
        decision.reason,
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_change_that_is_learned_costs_the_online_model_few_labels(seed: int) -> None:
    decisions = [event for event in moved(seed).told() if isinstance(event, ContestDecision)]

    assert [one.answers for one in decisions] in ([], ["batch", "online"])
    assert all(one.labels <= 550 for one in decisions)


def test_a_model_that_is_worse_is_put_aside_though_no_label_surprises() -> None:
    story = Story(1, calm=0, after=1_000)
    story.online = mostly(story.chooser, story.truth, 0.5)

    decision, *later = story.told()

    assert isinstance(decision, ContestDecision)
    assert decision.answers == "batch"
    assert decision.labels < 200
    assert re.fullmatch(
        r"The batch model answers: it is better: of the last \d+ labels "
        r"the batch model had \d+ right and the online model \d+\.",
        decision.reason,
    )
    assert later == []


def test_the_online_model_comes_back_when_it_says_what_the_batch_model_says() -> None:
    story = noisy(2)
    contest = Contest()
    contest.add(*story.records())
    again = Story(3, calm=0, after=3_000)

    (decision,) = contest.add(*again.records())

    assert isinstance(decision, ContestDecision)
    assert (decision.before, decision.answers) == ("batch", "online")
    assert decision.labels - 1_500 > 300  # not at once
    assert contest.answering == ("online", "online")


@pytest.mark.parametrize("tell", [noisy, moved])
def test_the_number_of_calls_makes_no_difference(tell: object) -> None:
    said_of, truth = tell(4).records()  # type: ignore[operator]
    at_once, in_parts = Contest(), Contest()
    bounds = [0, 1, 2, 9, 500, 517, 1_016, 1_500]
    selection = np.resize([0.1, 0.5, 1.0], len(truth))

    events = at_once.add(said_of, truth, selection)

    parts = [
        in_parts.add(Scores(*(part[a:b] for part in said_of)), truth[a:b], selection[a:b]) for a, b in pairwise(bounds)
    ]
    assert tuple(event for part in parts for event in part) == events != ()
    assert in_parts.state == at_once.state


@pytest.mark.parametrize("until", [0, 3, 505, 515, 900])
def test_a_restored_contest_goes_on_as_if_nothing_had_happened(until: int) -> None:
    said_of, truth = noisy(5).records()
    whole, first = Contest(), Contest()
    events = whole.add(said_of, truth)

    before = first.add(Scores(*(part[:until] for part in said_of)), truth[:until])
    stored = msgspec.json.encode(first.state)
    second = Contest(msgspec.json.decode(stored, type=ContestState))
    after = second.add(Scores(*(part[until:] for part in said_of)), truth[until:])

    assert before + after == events
    assert second.state == whole.state


def test_an_alarm_while_it_is_aside_takes_away_what_spoke_for_the_online_model() -> None:
    story = noisy(15)
    story.online = story.batch  # so each label adds the margin alone
    said_of, truth = story.records()
    contest = Contest(ContestState(topic=HeadState(answers="batch")))

    spoke_for_it, events = 0.0, ()
    for row in range(len(truth)):
        if events := contest.add(Scores(*(one[row : row + 1] for one in said_of)), truth[row : row + 1]):
            break
        spoke_for_it = contest.state.topic.better.logarithm

    assert [type(event) for event in events] == [DriftAlarm]
    assert contest.answering[0] == "batch"
    assert contest.state.topic.better.logarithm == 0 < spoke_for_it < BETTER


def test_a_state_that_was_given_out_or_taken_in_is_a_copy() -> None:
    given = ContestState()
    contest = Contest(given)
    taken = contest.state

    contest.add(*Story(6).records())

    assert given == taken == ContestState()
    assert contest.state.topic.labels == 1_500


def test_heads_are_decided_apart_and_a_text_counts_where_it_has_a_label() -> None:
    story = noisy(7)
    said_of, truth = story.records()
    truth[::3, 1] = 0  # as both models say
    contest = Contest()

    contest.add(said_of, truth)

    assert contest.answering == ("batch", "online")
    assert (contest.state.topic.labels, contest.state.sentiment.labels) == (1_500, 500)


def test_sentiments_are_decided_by_the_same_rules() -> None:
    chooser = np.random.default_rng(8)
    truth, zeros = chooser.integers(0, 3, 1_500), np.zeros(1_500, dtype=int)
    online = truth.copy()
    online[500:] = chooser.integers(0, 3, 1_000)
    contest = Contest()

    events = contest.add(
        scores(said(zeros, truth), said(zeros, online)), np.column_stack([np.full(1_500, UNKNOWN), truth])
    )

    assert {event.head for event in events} == {"sentiment"}
    assert contest.answering == ("online", "batch")


def test_labels_that_were_asked_for_count_by_how_often_their_like_is_asked_for() -> None:
    truth, places = np.zeros(4_000, dtype=int), np.arange(4_000)
    is_doubtful = places % 2 == 0  # always asked for, and there the online model is worse; elsewhere it is better
    online = np.where(is_doubtful & (places % 10 == 0), 1, 0)
    batch = np.where(places % 50 == 1, 1, 0)
    selection = np.where(is_doubtful, 1.0, 0.01)
    said_of = scores(said(batch), said(online))

    as_they_come, weighed = Contest(), Contest()
    as_they_come.add(said_of, topics_of(truth))
    weighed.add(said_of, topics_of(truth), selection)

    assert as_they_come.answering[0] == "batch"
    assert weighed.answering[0] == "online"


def test_one_label_of_great_weight_neither_decides_nor_blinds() -> None:
    selection = np.ones(1_500)
    selection[[0, 100]] = 1e-12

    alarm, decision = Contest().add(*noisy(9).records(), selection)

    assert isinstance(alarm, DriftAlarm)
    assert isinstance(decision, ContestDecision)
    assert decision.answers == "batch"
    assert 500 < decision.labels <= 540


def test_equal_weights_are_no_weights() -> None:
    plain, weighed = Contest(), Contest()

    plain.add(*noisy(10).records())
    weighed.add(*noisy(10).records(), np.full(1_500, 0.25))

    assert plain.state.topic.better == weighed.state.topic.better
    assert plain.state.topic.watch == weighed.state.topic.watch


def test_the_lead_of_a_challenger_is_told_once_and_it_never_answers() -> None:
    story = Story(11)
    contest = Contest()
    better = said(mostly(story.chooser, story.truth, 0.95))
    contest.meet_challenger("8")

    events = contest.add(*story.records(), challenger=better)

    (lead,) = events
    assert isinstance(lead, ChallengerLead)
    assert (lead.head, lead.over, lead.challenger) == ("topic", "online", "8")
    assert re.fullmatch(
        r"The challenger is better: of the last \d+ labels the challenger had \d+ right and the online model \d+\.",
        lead.reason,
    )
    assert contest.answering == ("online", "online")


def test_another_challenger_begins_anew() -> None:
    story = Story(12)
    contest = Contest()
    better = said(mostly(story.chooser, story.truth, 0.95))
    contest.meet_challenger("8")
    contest.add(*story.records(), challenger=better)

    contest.meet_challenger("9")

    assert not contest.state.topic.is_lead_told
    assert contest.state.topic.challenger.labels == 0
    assert [type(event) for event in contest.add(*story.records(), challenger=better)] == [ChallengerLead]


def test_what_speaks_for_a_challenger_is_kept_while_it_stays_the_same() -> None:
    story = Story(12)
    contest = Contest()
    contest.meet_challenger("8")
    contest.add(*story.records(), challenger=said(mostly(story.chooser, story.truth, 0.95)))
    before = contest.state

    Contest(before).meet_challenger("8")
    contest.meet_challenger("8")

    assert contest.state == before
    assert contest.state.topic.is_lead_told


def test_a_challenger_that_is_no_better_is_not_told_of() -> None:
    story = Story(13, after=4_500)

    events = Contest().add(*story.records(), challenger=said(mostly(story.chooser, story.truth, 0.8)))

    assert events == ()


def test_events_say_in_json_what_they_are() -> None:
    alarm, decision = (msgspec.json.decode(msgspec.json.encode(event)) for event in noisy(14).told())

    assert alarm["event"] == "drift_alarm"
    assert decision["event"] == "contest_decision"
    assert decision["answers"] == "batch"


def test_no_labels_are_no_matter() -> None:
    contest = Contest()

    assert contest.add(scores(np.zeros((0, COLUMNS)), np.zeros((0, COLUMNS))), np.zeros((0, 2), dtype=int)) == ()
    assert contest.add(scores(said(np.zeros(2, dtype=int)), said(np.zeros(2, dtype=int))), np.full((2, 2), -1)) == ()
    assert contest.state == ContestState()


@pytest.mark.parametrize(
    ("rows", "truth"), [(2, np.zeros((1, 2), dtype=int)), (1, np.zeros((1, 3), dtype=int)), (1, np.zeros(1, dtype=int))]
)
def test_scores_and_labels_of_different_texts_are_refused(rows: int, truth: Array) -> None:
    part = said(np.zeros(rows, dtype=int))

    with pytest.raises(ValueError, match="not of the same n texts"):
        Contest().add(scores(part, part), truth)


@pytest.mark.parametrize("selection", [[0.0], [-0.5], [1.5], [np.nan], [0.5, 0.5]])
def test_selections_that_are_no_probabilities_are_refused(selection: list[float]) -> None:
    part = said(np.zeros(1, dtype=int))

    with pytest.raises(ValueError, match="a selection probability is not above 0 and at most 1"):
        Contest().add(scores(part, part), np.zeros((1, 2), dtype=int), np.array(selection))

"""Which model answers, the batch model alone or the online model with all its voices: decided head by head, by labels.

The online model begins. It is put aside when

- its labels become more surprising (`models.online.alarms`), and the evidence for it since that began is below `BETTER`,
  as when labels are random; after a change that can be learned there is enough, or soon will be;
- or the evidence that it is worse reaches `WORSE`. That begins anew whenever it falls below its beginning.

It comes back when the evidence for it reaches `BETTER`. That counts by what it was better, and `MARGIN` for each label,
less `PRICE` for each label on which the two answer differently: who says nearly the same as the batch model needs little
proof, who says something else needs more. So it also comes back when noise is over, or when its votes have dealt with it.
An alarm while it is aside takes away what spoke for it.

A challenger never answers; that it leads is told, for the gate to decide.
"""

from copy import deepcopy
from math import exp, log

from models.calibration import FloatArray
from models.contest_records import (
    Answerer,
    ChallengerLead,
    ContestDecision,
    ContestEvent,
    ContestState,
    DriftAlarm,
    HeadState,
)
from models.online.alarms import surprise_of
from models.online.evidence import Said, judged
from models.online.prequential import HEAD_NAMES, label_weights
from models.online.truth import Scores, Truth
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import COLUMNS, HEAD_COLUMNS

BETTER = log(100)  # one chance in a hundred to come back without being good enough
WORSE = log(1_000)  # stricter, as this bet begins anew all the time
LEADS = log(1_000)  # a gate follows, which costs time
FLOOR = -3.0  # evidence sinks no lower: what changes later is seen after some hundred labels, not some thousand
MARGIN = 0.01  # who says just the same as the batch model comes back after 770 labels, 1,270 from the floor
PRICE = 0.1  # ten margins: who answers more than a tenth of the tweets otherwise has to be better
LARGEST_WEIGHT = 3.0  # no single label multiplies a stake by more than (1 + STAKE) ** 3 = 4
MEAN_OVER_LABELS = 1_000  # so many labels say what the mean weight is


class Contest:
    """Both heads' contests; not safe from two threads."""

    def __init__(self, state: ContestState | None = None) -> None:
        """Begin, or go on from a state, which is copied."""
        kept = ContestState() if state is None else deepcopy(state)
        self._heads = (_Head("topic", kept.topic), _Head("sentiment", kept.sentiment))

    @property
    def answering(self) -> tuple[Answerer, Answerer]:
        """Who answers: topics, sentiments."""
        topic, sentiment = self._heads
        return topic.state.answers, sentiment.state.answers

    @property
    def state(self) -> ContestState:
        """A copy of all that further decisions depend on."""
        topic, sentiment = self._heads
        return ContestState(deepcopy(topic.state), deepcopy(sentiment.state))

    def meet_challenger(self, version: str) -> None:
        """Name the challenger of further labels; what spoke for another one is forgotten."""
        for head in self._heads:
            if head.state.challenger_version != version:
                head.state.challenger_version = version
                head.state.challenger.begin_anew()
                head.state.is_lead_told = False

    def add(
        self, scores: Scores, truth: Truth, selection: FloatArray | None = None, *, challenger: FloatArray | None = None
    ) -> tuple[ContestEvent, ...]:
        """Count n labelled texts, one after the other; in how many calls they come makes no difference.

        Args:
            scores: what was said before the labels were learned.
            truth: shape (n, 2); a head counts the texts that have a label for it.
            selection: shape (n,): the probability with which each text was chosen for labelling; None where all were
                as probable. A label counts as one over it in shares of the geometric mean, and as `LARGEST_WEIGHT` at most.
            challenger: probabilities of shape (n, `COLUMNS`), where there is a challenger.

        Returns:
            What happened, in order.
        """
        parts = [*scores] if challenger is None else [*scores, challenger]
        if truth.shape != (len(truth), 2) or any(part.shape != (len(truth), COLUMNS) for part in parts):
            raise ValueError(f"truth of shape {truth.shape} and scores are not of the same n texts and both heads")
        weights = label_weights(selection, len(truth)).tolist()
        batch, online = _judged(scores.batch, truth), _judged(scores.served, truth)
        others = (None, None) if challenger is None else _judged(challenger, truth)
        events: list[ContestEvent] = []
        for row, classes in enumerate(truth.tolist()):
            for place, head in enumerate(self._heads):
                if classes[place] >= 0:
                    events += head.add(batch[place], online[place], others[place], row, weights[row])
        return tuple(events)


def _judged(probabilities: FloatArray, truth: Truth) -> tuple[Said, Said]:
    topic, sentiment = (
        judged(probabilities[:, columns], truth[:, place]) for place, columns in enumerate(HEAD_COLUMNS)
    )
    return topic, sentiment


class _Head:
    def __init__(self, name: str, state: HeadState) -> None:
        self.state = state
        self._name = name
        self._classes = len(LABELS if name == HEAD_NAMES[0] else SENTIMENTS)

    def add(self, batch: Said, online: Said, challenger: Said | None, row: int, weight: float) -> list[ContestEvent]:
        """Count one label; `row` is its place in what was said."""
        state = self.state
        state.labels += 1
        share = self._share_of(weight)
        is_alarm = state.watch.sees(surprise_of(online.of_truth[row], self._classes), share)
        self._weigh(batch, online, row, share)
        events: list[ContestEvent] = [self._alarm()] if is_alarm else []
        if decision := self._decided(is_alarm=is_alarm):
            events.append(decision)
        elif challenger is not None:
            events += self._lead(online if state.answers == "online" else batch, challenger, row, share)
        return events

    def _share_of(self, weight: float) -> float:
        """Give a label's weight in shares of the geometric mean, which no single weight can move far."""
        state = self.state
        state.mean_log_weight += (log(weight) - state.mean_log_weight) / min(state.labels, MEAN_OVER_LABELS)
        return min(weight / exp(state.mean_log_weight), LARGEST_WEIGHT)

    def _weigh(self, batch: Said, online: Said, row: int, share: float) -> None:
        state = self.state
        lead = online.scores[row] - batch.scores[row]
        price = PRICE if online.classes[row] != batch.classes[row] else 0.0
        is_right, was_right = online.is_right[row], batch.is_right[row]
        state.better.add(lead + MARGIN - price, weight=share, is_right=is_right, is_other_right=was_right)
        state.better.logarithm = max(state.better.logarithm, FLOOR)
        if state.answers == "online":
            state.worse.add(-lead, weight=share, is_right=was_right, is_other_right=is_right)
            if state.worse.logarithm <= 0:
                state.worse.begin_anew()
            if state.watch.is_calm:
                state.better.begin_anew()

    def _decided(self, *, is_alarm: bool) -> ContestDecision | None:
        """Change who answers where the evidence says so."""
        state = self.state
        if state.answers == "batch":
            if state.better.logarithm >= BETTER:
                why = f"it is no worse any more: {self._better_told()}"
                state.better.begin_anew()
                return self._changed("online", why)
            if is_alarm:
                state.better.logarithm = min(state.better.logarithm, 0.0)
        elif state.worse.logarithm >= WORSE:
            state.better.begin_anew()
            return self._changed("batch", f"it is better: {state.worse.told('the batch model', 'the online model')}")
        elif is_alarm and state.better.logarithm < BETTER:
            why = f"labels are more surprising, and the online model does no better on them: {self._better_told()}"
            return self._changed("batch", why)
        return None

    def _better_told(self) -> str:
        return self.state.better.told("the online model", "the batch model")

    def _changed(self, answers: Answerer, why: str) -> ContestDecision:
        state = self.state
        before, state.answers = state.answers, answers
        state.worse.begin_anew()
        state.challenger.begin_anew()
        state.is_lead_told = False
        return ContestDecision(self._name, answers, before, f"The {answers} model answers: {why}.", state.labels)

    def _alarm(self) -> DriftAlarm:
        watch = self.state.watch
        surprise = watch.recent_surprise / watch.recent_labels
        return DriftAlarm(self._name, surprise, watch.mean, watch.rise - watch.least, self.state.labels)

    def _lead(self, answering: Said, challenger: Said, row: int, share: float) -> list[ContestEvent]:
        """Weigh the challenger against who answers; tell its lead once, until it is lost."""
        state = self.state
        state.challenger.add(
            challenger.scores[row] - answering.scores[row],
            weight=share,
            is_right=challenger.is_right[row],
            is_other_right=answering.is_right[row],
        )
        state.challenger.logarithm = max(state.challenger.logarithm, FLOOR)
        if state.challenger.logarithm <= 0:
            state.is_lead_told = False
        if state.challenger.logarithm < LEADS or state.is_lead_told:
            return []
        state.is_lead_told = True
        figures = state.challenger.told("the challenger", f"the {state.answers} model")
        reason = f"The challenger is better: {figures}."
        return [ChallengerLead(self._name, state.answers, reason, state.labels, state.challenger_version)]

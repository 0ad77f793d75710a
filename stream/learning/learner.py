"""The learner: feedback in, labelled tweets, dead letters and snapshots out; the transport is the agent's."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from models.errors import ModelError
from models.feedback import LabelledTweet
from models.online.corrections import StoredSnapshot
from models.online.prequential import HEAD_NAMES
from models.online.report import LearningEvent, LearningReport
from models.online.snapshot import batch_sha256
from models.online.training import OnlineTraining
from models.predictor import ScorerPredictor
from models.records import utc_timestamp
from models.scorer import Scorer
from stream.dead_letters import Record
from stream.learning.archive import Archive
from stream.learning.judging import Verdict, judge
from stream.learning.sent_out import SentOut

logger = logging.getLogger(__name__)

RELEARNED_AT_ONCE = 1_000


class Learned(msgspec.Struct, frozen=True):
    """What became of a chunk of feedback.

    Attributes:
        verdicts: in the order of the feedback; those that an earlier snapshot has already are left out.
        refused: how many became dead letters, by reason.
        events: what the contest has to tell, in order.
    """

    verdicts: list[Verdict]
    refused: dict[str, int]
    events: list[LearningEvent]


class Learner:
    """Learns from feedback in its order, for the batch model that answers now.

    All that it needs after a crash is in the topics: the last snapshot, and what was learned since. It may be used from
    several threads, one at a time.

    Args:
        batch: gives the batch model that answers now.
        archive: what learners before left.
        sent_out: where the texts are of feedback without one.
        topic: full name of the topic of feedback.
        remembered_labels: see `models.online.memory`.
        challenger: gives the version that is to be compared with the one that answers; None for none.
    """

    def __init__(
        self,
        batch: Callable[[], ScorerPredictor],
        *,
        archive: Archive,
        sent_out: SentOut,
        topic: str,
        remembered_labels: int,
        challenger: Callable[[], ScorerPredictor | None] = lambda: None,
    ) -> None:
        self._batch = batch
        self._challenger = challenger
        self._archive = archive
        self._sent_out = sent_out
        self._topic = topic
        self._remembered_labels = remembered_labels
        self._scorer: Scorer | None = None
        self._training: OnlineTraining | None = None
        self._position = -1  # the last record of feedback that some snapshot accounts for, or that was judged since
        self._is_gap_checked = False
        self._published: tuple[str, int] | None = None
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Begin again from the topics, as another may have learned meanwhile."""
        with self._lock:
            self._scorer = self._training = self._published = None
            self._position = -1
            self._is_gap_checked = False

    def learn(self, records: Sequence[Record], *, partition: int, time: float) -> Learned:
        """Judge records of feedback and learn what can be learned.

        Args:
            records: at least one, in offset order; those that a snapshot has already are passed over.
            partition: that they came from.
            time: when this happens, in seconds since 1970.

        Raises:
            BrokerError: the topics can't be read.
        """
        with self._lock:
            training = self._current()
            if not self._is_gap_checked:
                self._relearn(training, before=records[0].offset)
                self._is_gap_checked = True
            new = [record for record in records if record.offset > training.offset]
            verdicts = judge(
                new, topic=self._topic, partition=partition, memory=training.memory, sent_out=self._sent_out, time=time
            )
            labelled = [verdict for verdict in verdicts if isinstance(verdict, LabelledTweet)]
            told = training.learn(labelled, challenger=self._challenger())
            training.pass_over(records[-1].offset)
            self._position = training.offset
            model, online_version = self._batch().model, training.offset + 1
        refused = Counter(verdict.reason for verdict in verdicts if not isinstance(verdict, LabelledTweet))
        events = [LearningEvent(model.name, model.version, online_version, one, utc_timestamp(time)) for one in told]
        return Learned(verdicts, dict(refused), events)

    def snapshot(self) -> StoredSnapshot | None:
        """Give a snapshot of all that was learned; None where the last one given says the same, or nothing was learned.

        Where another batch model answers by now, what was learned is learned for it first.

        Raises:
            BrokerError: the topics can't be read.
        """
        with self._lock:
            training = self._current()
            if training.offset < 0:
                return None
            name = (training.batch_sha256, training.offset)
            if name == self._published:
                return None
            self._published = name
            return StoredSnapshot(*name, training.snapshot())

    def report(self, *, time: float) -> LearningReport:
        """Tell how learning goes.

        Args:
            time: when this happens, in seconds since 1970.

        Raises:
            BrokerError: the topics can't be read.
        """
        with self._lock:
            training, model = self._current(), self._batch().model
            return LearningReport(
                model.name,
                model.version,
                training.offset + 1,
                dict(zip(HEAD_NAMES, training.answering, strict=True)),
                training.standings(),
                utc_timestamp(time),
            )

    def _current(self) -> OnlineTraining:
        scorer = self._batch().scorer
        if scorer is not self._scorer or self._training is None:
            self._training = self._restored(scorer)
            self._scorer = scorer
        return self._training

    def _restored(self, scorer: Scorer) -> OnlineTraining:
        """Restore the state for a batch model: from its last snapshot, and what was learned since then for others."""
        snapshots = self._archive.snapshots()
        self._position = max([self._position, *(snapshot.offset for snapshot in snapshots)])
        training = OnlineTraining(scorer, remembered_labels=self._remembered_labels)
        for snapshot in snapshots:
            if snapshot.batch_sha256 == batch_sha256(scorer.weights):
                try:
                    training = OnlineTraining.restored(
                        scorer, snapshot.content, remembered_labels=self._remembered_labels
                    )
                    self._published = (snapshot.batch_sha256, snapshot.offset)
                except ModelError as exc:
                    logger.warning("snapshot_refused_relearning", extra={"error": str(exc)})
        begun = training.offset
        if training.offset < self._position:
            self._relearn(training, before=self._position + 1)
            training.pass_over(self._position)
        places = {"snapshot_offset": begun, "offset": training.offset, "of_batch_model": scorer.weights.learned_offset}
        logger.info("learner_restored", extra=places)
        return training

    def _relearn(self, training: OnlineTraining, *, before: int) -> None:
        """Learn what learners before have learned of the feedback up to an offset."""
        if training.offset + 1 >= before:
            return
        waiting: list[LabelledTweet] = []
        for tweet in self._archive.labelled():
            if tweet.feedback_offset < before:
                waiting.append(tweet)
            if len(waiting) == RELEARNED_AT_ONCE:
                training.relearn(waiting)
                waiting.clear()
        training.relearn(waiting)

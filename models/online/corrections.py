"""The latest snapshots of the online model, and the predictors that they correct."""

from dataclasses import dataclass

from models.careful.predictor import CarefulPredictor, fast
from models.contracts import Predictor
from models.online.predictor import OnlinePredictor
from models.online.scores import OnlineScorer
from models.online.snapshot import batch_sha256, decode_answering, decode_snapshot
from models.predictor import ScorerPredictor

KEPT_SNAPSHOTS = 4  # of as many batch models: one that is rolled back to is corrected at once


@dataclass(frozen=True)
class StoredSnapshot:
    """A snapshot as it lies in its topic.

    Attributes:
        batch_sha256: names the batch model that it corrects, see `models.online.snapshot.batch_sha256`.
        offset: of the last record of feedback that is in it.
        content: its bytes.
    """

    batch_sha256: str
    offset: int
    content: bytes


def later(first: StoredSnapshot, second: StoredSnapshot) -> StoredSnapshot:
    """Give the one of more feedback, of equal ones the second."""
    return second if second.offset >= first.offset else first


class Corrections:
    """The last snapshot for each of a few batch models; not safe from two threads."""

    def __init__(self) -> None:
        self._snapshots: dict[str, StoredSnapshot] = {}

    def keep(self, snapshot: StoredSnapshot) -> bool:
        """Keep a snapshot, unless one of more feedback for its batch model is there; tells whether it was kept.

        Of two with the same feedback the second counts: it is made where the first was refused.
        """
        before = self._snapshots.pop(snapshot.batch_sha256, None)
        kept = snapshot if before is None else later(before, snapshot)
        self._snapshots[snapshot.batch_sha256] = kept
        if len(self._snapshots) > KEPT_SNAPSHOTS:
            del self._snapshots[next(iter(self._snapshots))]
        return kept is snapshot

    def corrected(self, predictor: Predictor) -> Predictor:
        """Give a predictor that answers with what was learned; the same one where nothing fits it.

        Raises:
            SnapshotRefusedError: the snapshot was made by another version of the learner.
            ModelCorruptError: it is damaged.
        """
        batch = fast(predictor)
        if not isinstance(batch, ScorerPredictor):
            return predictor
        corrected = self._corrected(batch)
        if corrected is None:
            return predictor
        return predictor.with_fast(corrected) if isinstance(predictor, CarefulPredictor) else corrected

    def fitting(self, predictor: Predictor) -> StoredSnapshot | None:
        """Give the snapshot for a predictor; None where there is none."""
        batch = fast(predictor)
        if not isinstance(batch, ScorerPredictor):
            return None
        return self._snapshots.get(batch_sha256(batch.scorer.weights))

    def _corrected(self, batch: ScorerPredictor) -> OnlinePredictor | None:
        snapshot = self.fitting(batch)
        if snapshot is None:
            return None
        weights = decode_snapshot(snapshot.content, batch=batch.scorer.weights)
        online, answering = OnlineScorer(batch.scorer, weights), decode_answering(snapshot.content)
        return OnlinePredictor(batch, online, version=snapshot.offset + 1, answering=answering)

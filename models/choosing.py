"""Who answers one request: the model that answers now, one of its parts, or one that names more labels."""

from models.careful.predictor import CarefulPredictor, fast
from models.contracts import Predictor
from models.following import FollowedPredictor, answering
from models.online.predictor import OnlinePredictor
from models.predictor import ScorerPredictor


def batch_of(followed: FollowedPredictor) -> Predictor:
    """Give the registered model alone, without a teacher and what was learned."""
    return fast(followed.batch)


def online_of(followed: FollowedPredictor) -> OnlinePredictor | None:
    """Give the registered model with what was learned, whoever wins the contest; None where nothing was."""
    current = fast(followed.current)
    return current.with_online_answers() if isinstance(current, OnlinePredictor) else None


def with_top_k(predictor: Predictor, top_k: int) -> Predictor:
    """Give a predictor that answers the same and names another number of labels.

    Args:
        predictor: one that `models.loading` or `models.following` gives.
        top_k: labels with their probability in each prediction, 1 to 20.

    Raises:
        TypeError: a predictor of another kind.
    """
    predictor = answering(predictor)
    quick = fast(predictor)
    if not isinstance(quick, ScorerPredictor | OnlinePredictor):
        raise TypeError(f"a {type(quick).__name__} names as many labels as it does")
    named = quick.with_top_k(top_k)
    return predictor.with_fast(named) if isinstance(predictor, CarefulPredictor) else named

"""The terms that carried one answer: how much each added to the score of the answered class, and to its lead."""

from math import sqrt
from zlib import crc32

import numpy as np

from models.calibration import FloatArray
from models.careful.predictor import fast
from models.contracts import Predictor
from models.errors import ModelNotExplainableError
from models.explanations import AnswerExplanation, Explanation, Share, TermShare
from models.features import FEATURE_COUNT, terms
from models.online.predictor import OnlinePredictor
from models.predictor import ScorerPredictor
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import Weights


def explainable(predictor: Predictor) -> ScorerPredictor:
    """Give the linear model behind a predictor's answers, without what its teacher says and what was learned online.

    Raises:
        ModelNotExplainableError: something else makes them.
    """
    predictor = fast(predictor)
    if isinstance(predictor, OnlinePredictor):
        predictor = predictor.batch
    if not isinstance(predictor, ScorerPredictor):
        raise ModelNotExplainableError(
            f"the answers of {predictor.model.name} {predictor.model.version} are not those of a linear scorer and "
            "can't be explained; ask without explanation"
        )
    return predictor


def explain(scorer: Scorer, text: str, *, top: int) -> Explanation:
    """Take both scores of a text apart, exactly: a linear score is a sum over terms.

    Args:
        scorer: whose answer is explained.
        text: any.
        top: most terms to name for each answer; the others are summed up.
    """
    answers = scorer.answers([text], top_k=1)
    names, columns = _parts(scorer.weights, text)
    biases = scorer.weights.biases.astype(np.float64)
    label, sentiment = int(answers.labels[0, 0]), int(answers.sentiments[0])
    explanations = []
    for classes, first, answer in ((LABELS, 0, label), (SENTIMENTS, len(LABELS), sentiment)):
        scores = answers.scores[0, first : first + len(classes)]
        runner_up = next(place for place in np.argsort(-scores, kind="stable").tolist() if place != answer)
        pair = [first + answer, first + runner_up]
        parts = _shares(columns[:, pair])
        order = np.argsort(-np.abs(parts[:, 1]), kind="stable")
        explanations.append(
            AnswerExplanation(
                answer=classes[answer],
                runner_up=classes[runner_up],
                total=_share(_shares(answers.scores[:, pair])),
                bias=_share(_shares(biases[None, pair])),
                terms=tuple(
                    TermShare(names[place], *parts[place].tolist()) for place in order[:top] if parts[place].any()
                ),
                rest=_share(parts[order[top:]]),
            )
        )
    return Explanation(*explanations)


def _parts(weights: Weights, text: str) -> tuple[list[str], FloatArray]:
    """Name the features of a text that have a row, and give what each adds to every score; shape (n, `COLUMNS`)."""
    shown: dict[int, list[str]] = {}
    for term in dict.fromkeys(terms(text)):
        shown.setdefault(crc32(term) % FEATURE_COUNT, []).append(_readable(term))
    ids = np.fromiter(shown, dtype=np.int32)
    places = np.searchsorted(weights.ids, ids)
    known = [
        (names, place)
        for (id_, names), place in zip(shown.items(), places.tolist(), strict=True)
        if place < len(weights.ids) and weights.ids[place] == id_
    ]
    table = weights.table[[place for _, place in known]].astype(np.float64)
    length = sqrt(max(table[:, -1].sum(), 1))
    return [" / ".join(names) for names, _ in known], table[:, :-1] * weights.scales / length


def _readable(term: bytes) -> str:
    return term.replace(b"*", b"...").decode(errors="replace")


def _shares(pairs: FloatArray) -> FloatArray:
    """Turn columns of the answer and the runner-up into columns of score and lead."""
    return np.column_stack([pairs[:, 0], pairs[:, 0] - pairs[:, 1]])


def _share(parts: FloatArray) -> Share:
    return Share(*parts.sum(axis=0).tolist())

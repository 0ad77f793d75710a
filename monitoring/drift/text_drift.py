"""text_drift(before, now) -> TextDrift: can a classifier tell the texts of two windows apart?

A ridge regression on the words' TF-IDF says of each text which window it is from, without having seen that text
(leave-one-out). The area under its ROC curve is the chance that it finds the newer one of two texts: 0.5 for texts that
are alike. It must stand out in two ways, as all that is compared: it must be more than chance, by a null distribution of
`PERMUTATIONS` draws in which the texts are dealt out to the windows at random; and it must matter: a feed of news is
never twice the same, so that each of 139 windows of one could be told from those before it in 0.52 to 0.81 of such pairs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RidgeCV

from models.text import tokens
from monitoring.drift.columns import DOMAIN
from monitoring.drift.describing import is_word, text_key
from monitoring.drift.records import Cause, Kind

FEWEST_TEXTS = 100  # different ones on each side; of fewer nothing is said
MOST_TEXTS = 400  # of each side that are compared; memory and time grow with the square
PERMUTATIONS = 200
FALSE_ALARM_CHANCE = 0.001  # of one comparison; there are few of them
MATERIAL_AUC = 0.85
SHOWN_TERMS = 10
FEWEST_TEXTS_OF_TERM = 5  # a word of fewer could say too much of one of them
_RIDGE = 1.0
_LEAST_DEVIATION = 1e-9  # of texts that all have the same words
_SEED = 8  # the same texts give the same answer

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TextDrift:
    """What became of the comparison.

    Attributes:
        score: 1 and more is drift.
        auc: chance that the classifier finds the newer of two texts, 0 to 1.
        terms: words by which it knows the newer ones, the most telling first.
    """

    score: float
    auc: float
    terms: tuple[str, ...]

    def cause(self) -> Cause:
        """Tell it as what the monitor takes beside what it finds itself."""
        return Cause(Kind.TEXT, DOMAIN, None, "short", 0.5, self.auc, self.score)


def text_drift(before: Sequence[str], now: Sequence[str]) -> TextDrift | None:
    """Compare the texts of two windows; takes some seconds.

    Near copies count once, and a text that stands on both sides does not count.

    Args:
        before: texts of earlier windows, at most `MOST_TEXTS` of which are compared.
        now: texts of the newest window, likewise.

    Returns:
        None where a side has fewer than `FEWEST_TEXTS` different texts, or no word stands in two of them.
    """
    old, new = _different(before, now)
    if min(len(old), len(new)) < FEWEST_TEXTS:
        return None
    vectorizer = TfidfVectorizer(analyzer=_words, sublinear_tf=True, min_df=2)
    try:
        features = vectorizer.fit_transform([*old, *new])
    except ValueError:  # scikit-learn's way to say that no word stands in two texts
        return None
    is_new = np.repeat([0.0, 1.0], [len(old), len(new)])
    chance = np.random.default_rng(_SEED)
    dealt = np.column_stack([is_new, *(chance.permutation(is_new) for _ in range(PERMUTATIONS))])
    # All deals at once; the scoring is there because only with one, leave-one-out predictions are kept.
    model = RidgeCV(alphas=[_RIDGE], scoring="neg_mean_squared_error", store_cv_results=True).fit(features, dealt)
    areas = _areas(model.cv_results_[:, :, 0], dealt)
    often = np.asarray((features > 0).sum(axis=0)).ravel() >= FEWEST_TEXTS_OF_TERM
    weights = np.where(often, model.coef_[0], 0.0)
    names = vectorizer.get_feature_names_out()
    telling = [str(names[place]) for place in np.argsort(-weights)[:SHOWN_TERMS] if weights[place] > 0]
    return TextDrift(_score(areas[0], areas[1:]), float(areas[0]), tuple(telling))


def _different(before: Sequence[str], now: Sequence[str]) -> tuple[list[str], list[str]]:
    old, new = ({text_key(text): text for text in texts} for texts in (before, now))
    both = old.keys() & new.keys()
    return tuple([side[key] for key in side if key not in both][-MOST_TEXTS:] for side in (old, new))  # type: ignore[return-value]


def _words(text: str) -> list[str]:
    return [word.decode("utf-8", "replace") for word in tokens(text) if is_word(word)]


def _areas(predictions: FloatArray, classes: FloatArray) -> FloatArray:
    """Give the area under the ROC curve of each column, by the ranks of Mann and Whitney."""
    ones = classes.sum(axis=0)
    ranks = (rankdata(predictions, axis=0) * classes).sum(axis=0)
    areas: FloatArray = (ranks - ones * (ones + 1) / 2) / (ones * (len(classes) - ones))
    return areas


def _score(area: float, by_chance: FloatArray) -> float:
    deviation = max(float(by_chance.std(ddof=1)), _LEAST_DEVIATION)
    log_chance = float(norm.logsf(area, by_chance.mean(), deviation))
    return max(0.0, min(log_chance / math.log(FALSE_ALARM_CHANCE), (float(area) - 0.5) / (MATERIAL_AUC - 0.5)))

"""Copies of tweets with other words, for a teacher to label."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from models.features import IntArray
from models.training.soft_labels import NO_ORIGIN

WORD = re.compile(r"[^\W_]+")
_SPACES = re.compile(r"\s+")
_SPLICED_SHARE = 0.25  # of the copies; the others have words replaced and left out
_MOSTLY_REPLACED_SHARE = 0.7  # of those; the rest have many words left out
_REPLACED_AND_LEFT_OUT = (0.30, 0.10)  # shares of the words
_FEWER_REPLACED_AND_MORE_LEFT_OUT = (0.15, 0.40)
_CUT_FROM, _CUT_TO = 0.4, 0.8  # of a spliced tweet's words
_FEWEST_WORDS = 3
_SHORTEST_REPLACED = 3  # characters


def augmented(
    texts: Sequence[str], neighbours: Mapping[str, Sequence[str]], *, seed: int
) -> tuple[list[str], IntArray]:
    """Make one changed copy of each text: words replaced by neighbours and left out, or the end of another text.

    Args:
        texts: n texts, at least one.
        neighbours: lower-case word -> words of like meaning; words without an entry stay.
        seed: of all choices.

    Returns:
        n copies, and their origins of shape (n, 2): the rows of the texts that a copy was made of.
    """
    chooser = np.random.default_rng(seed)
    copies, origins = [], np.full((len(texts), 2), NO_ORIGIN, dtype=np.int64)
    for row, text in enumerate(texts):
        origins[row, 0] = row
        if chooser.random() < _SPLICED_SHARE:
            origins[row, 1] = chooser.integers(len(texts))
            copies.append(_spliced(text, texts[origins[row, 1]], chooser))
        else:
            copies.append(_reworded(text, neighbours, chooser))
    return copies, origins


def _spliced(text: str, other: str, chooser: np.random.Generator) -> str:
    head, tail = text.split(), other.split()
    end = max(_FEWEST_WORDS, int(len(head) * chooser.uniform(_CUT_FROM, _CUT_TO)))
    return " ".join(head[:end] + tail[int(len(tail) * chooser.uniform(_CUT_FROM, _CUT_TO)) :])


def _reworded(text: str, neighbours: Mapping[str, Sequence[str]], chooser: np.random.Generator) -> str:
    is_mostly_replaced = chooser.random() < _MOSTLY_REPLACED_SHARE
    replaced, left_out = _REPLACED_AND_LEFT_OUT if is_mostly_replaced else _FEWER_REPLACED_AND_MORE_LEFT_OUT

    def changed(found: re.Match[str]) -> str:
        word, chance = found.group(), chooser.random()
        others = neighbours.get(word.lower(), ()) if len(word) >= _SHORTEST_REPLACED else ()
        if chance < replaced and others:
            other = others[int(chooser.integers(len(others)))]
            return other.capitalize() if word[0].isupper() else other
        return "" if chance < replaced + left_out else word

    return _SPACES.sub(" ", WORD.sub(changed, text)).strip()

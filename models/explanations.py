"""The records of an explanation: what carried an answer."""

import msgspec

from models.records import ClassifiedTweet


class Share(msgspec.Struct, frozen=True):
    """A part of what decided; the parts of an answer add up to its `total`.

    Attributes:
        score: what it adds to the score of the answered class, a margin without unit.
        lead: what it adds to that score's lead over the runner-up's; below 0 it spoke for the runner-up.
    """

    score: float
    lead: float


class TermShare(msgspec.Struct, frozen=True):
    """The part of one term.

    Attributes:
        term: a word, two neighbours, the start (`shar...`) or the end (`...ing`) of a word, or a placeholder such as
            `<money>`; terms that share a feature id, which the model can't tell apart, are joined by ` / `.
        score: see `Share`.
        lead: see `Share`.
    """

    term: str
    score: float
    lead: float


class AnswerExplanation(msgspec.Struct, frozen=True):
    """Why a class was answered: `total` is the sum of `bias`, `terms` and `rest`, up to the rounding of floats.

    Attributes:
        answer: the class that was answered.
        runner_up: the class with the next score.
        total: the answer's score, and its lead over the runner-up's.
        bias: what there is without any term.
        terms: those that moved the lead most, largest first; terms without weight are left out.
        rest: all other terms together.
    """

    answer: str
    runner_up: str
    total: Share
    bias: Share
    terms: tuple[TermShare, ...]
    rest: Share


class Explanation(msgspec.Struct, frozen=True):
    """Why a text got its topic and its sentiment."""

    label: AnswerExplanation
    sentiment: AnswerExplanation


class ExplainedTweet(ClassifiedTweet, frozen=True):
    """A classified tweet with what carried its answers."""

    explanation: Explanation

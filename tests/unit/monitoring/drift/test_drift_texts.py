"""Whether texts of two windows can be told apart."""

import random
from collections.abc import Sequence

import pytest

from monitoring.drift.records import Cause, Kind
from monitoring.drift.text_drift import FALSE_ALARM_CHANCE, MATERIAL_AUC, text_drift

WORDS = [f"{first}{last}" for first in ("gold", "oil", "bank", "rate", "fund") for last in "abcdefghijklmnop"]
NEW_WORDS = [f"meme{letter}" for letter in "abcdefgh"]


def written(count: int, *, seed: int, words: Sequence[str] = WORDS) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(words, k=10)) for _ in range(count)]


def test_texts_of_one_kind_are_no_drift() -> None:
    found = text_drift(written(400, seed=1), written(400, seed=2))

    assert found is not None
    assert 0.4 < found.auc < 0.6
    assert 0 <= found.score < 1


def test_texts_of_another_kind_are_drift_with_their_words() -> None:
    found = text_drift(written(400, seed=1), written(400, seed=2, words=[*WORDS[:40], *NEW_WORDS * 3]))

    assert found is not None
    assert found.auc > 0.95
    assert found.score >= 1
    assert set(found.terms[:8]) == set(NEW_WORDS)
    assert found.cause() == Cause(Kind.TEXT, "text", None, "short", 0.5, found.auc, found.score)


def test_move_that_is_sure_but_small_is_none() -> None:
    before = written(400, seed=1)
    now = [
        f"{text} {NEW_WORDS[place % 8]}" if place % 4 == 0 else text for place, text in enumerate(written(400, seed=2))
    ]

    found = text_drift(before, now)

    assert found is not None
    assert 0.55 < found.auc < MATERIAL_AUC
    assert found.score == pytest.approx((found.auc - 0.5) / (MATERIAL_AUC - 0.5))
    assert FALSE_ALARM_CHANCE < 0.01


def test_same_texts_give_the_same_answer() -> None:
    before, now = written(200, seed=1), written(200, seed=2)

    assert text_drift(before, now) == text_drift(before, now)


def test_one_text_copied_many_times_is_one() -> None:
    links_alone = ["buy memea now https://example.org/x", "BUY MEMEA NOW"] * 150

    assert text_drift(written(400, seed=1), links_alone) is None
    assert text_drift(written(400, seed=1), [*written(400, seed=2), *links_alone]) is not None


def test_text_that_stands_on_both_sides_does_not_count() -> None:
    shared = written(400, seed=3)

    assert text_drift(shared, shared) is None
    assert text_drift([*written(99, seed=1), *shared], [*written(400, seed=2), *shared]) is None


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""] * 500,
        ["\N{ROCKET}" * place for place in range(1, 201)],
        [chr(0x4E00 + place) * 5 for place in range(200)],
    ],
    ids=["none", "empty", "emoji", "one word each"],
)
def test_texts_that_say_nothing_give_no_answer(texts: list[str]) -> None:
    assert text_drift(texts, [f"{text}!" for text in texts]) is None


def test_texts_that_differ_in_numbers_alone_are_no_drift() -> None:
    before, now = ([f"price {place}" for place in range(start, start + 200)] for start in (1000, 2000))

    found = text_drift(before, now)

    assert found is not None
    assert found.score == 0.0


def test_broken_emoji_and_foreign_letters_are_words_like_others() -> None:
    foreign = [" ".join(random.Random(place).choices(("金利", "株価", "\ud83d", "上昇"), k=9)) for place in range(300)]

    found = text_drift(written(300, seed=1), foreign)

    assert found is not None
    assert found.score >= 1
    assert "株価" in found.terms

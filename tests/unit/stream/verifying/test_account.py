from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.verifying.account import Account, Output, Verdict

CLASSIFIED, SENTIMENT, DEAD_LETTER = Output


def account(inputs: range = range(100, 110)) -> Account:
    made = Account(2, start=inputs.start, end=inputs.stop)
    made.exists(list(inputs))
    return made


def answer(made: Account, offsets: list[int], *, partition: int = 2) -> None:
    for output in (CLASSIFIED, SENTIMENT):
        made.ends(output, offsets, partition=partition)


def faults(verdict: Verdict) -> dict[str, list[int]]:
    names = ("missing", "repeated", "out_of_order", "contradicted", "misplaced", "without_input", "pending")
    return {name: getattr(verdict, name).first for name in names if getattr(verdict, name).count}


def test_inputs_that_all_ended_once_are_right() -> None:
    made = account()
    answer(made, [100, 101, 102, 104, 105, 106, 107, 108, 109])
    made.ends(DEAD_LETTER, [103], partition=2)

    verdict = made.verdict(committed=110)

    assert (verdict.inputs, verdict.classified, verdict.dead_letters) == (10, 9, 1)
    assert faults(verdict) == {}
    assert verdict.is_right(repeats_allowed=False)


def test_committed_input_without_outputs_or_with_half_of_them_is_missing() -> None:
    made = account()
    answer(made, [100, 101, 102, 104, 105, 106, 107])
    made.ends(CLASSIFIED, [108], partition=2)
    made.ends(SENTIMENT, [109], partition=2)

    verdict = made.verdict(committed=110)

    assert faults(verdict) == {"missing": [103, 108, 109]}
    assert not verdict.is_right(repeats_allowed=True)


def test_input_that_is_not_committed_is_pending_and_not_missing() -> None:
    made = account()
    answer(made, [100, 101, 102, 103, 104])

    verdict = made.verdict(committed=107)

    assert faults(verdict) == {"missing": [105, 106], "pending": [107, 108, 109]}
    assert not verdict.is_right(repeats_allowed=True)


def test_repeats_after_a_crash_are_counted_and_keep_the_order() -> None:
    made = account()
    answer(made, [100, 101, 102, 103, 104])
    answer(made, [102, 103, 104, 105, 106, 107, 108, 109])

    verdict = made.verdict(committed=110)

    assert (verdict.repeated.count, faults(verdict)) == (6, {"repeated": [102, 103, 104]})
    assert verdict.is_right(repeats_allowed=True)
    assert not verdict.is_right(repeats_allowed=False)


def test_first_output_after_that_of_a_later_input_is_out_of_order() -> None:
    made = account()
    answer(made, [100, 101, 104, 102, 103, 105])
    answer(made, [106, 109])
    made.ends(CLASSIFIED, [107, 108], partition=2)
    made.ends(SENTIMENT, [107, 108], partition=2)

    verdict = made.verdict(committed=110)

    assert faults(verdict) == {"out_of_order": [102, 103, 102, 103, 107, 108, 107, 108]}
    assert not verdict.is_right(repeats_allowed=True)


def test_input_that_is_answered_and_refused_is_contradicted() -> None:
    made = account(range(3))
    answer(made, [0, 1, 2])
    made.ends(DEAD_LETTER, [1], partition=2)

    verdict = made.verdict(committed=3)

    assert (verdict.classified, verdict.dead_letters, faults(verdict)) == (2, 0, {"contradicted": [1]})


def test_output_in_another_partition_is_misplaced() -> None:
    made = account(range(3))
    answer(made, [0, 2])
    answer(made, [1], partition=0)

    assert faults(made.verdict(committed=3)) == {"misplaced": [1, 1]}


def test_offset_that_the_input_topic_does_not_hold_is_told_and_is_no_input() -> None:
    made = Account(2, start=0, end=4)
    made.exists([0, 1, 3])  # 2 is the marker of a transaction
    answer(made, [0, 1, 3])

    right = made.verdict(committed=4)
    answer(made, [2])
    wrong = made.verdict(committed=4)

    assert (right.inputs, right.is_right(repeats_allowed=False)) == (3, True)
    assert faults(wrong) == {"out_of_order": [2, 2], "without_input": [2]}


def test_offsets_outside_of_the_range_are_passed_over() -> None:
    made = account()
    answer(made, [98, 99, *range(100, 110), 110, 10**15])

    assert made.verdict(committed=200).is_right(repeats_allowed=False)


def test_three_hundred_repeats_of_one_input_are_all_counted() -> None:
    made = account(range(1))
    for _ in range(300):
        made.ends(CLASSIFIED, [0], partition=2)
    made.ends(SENTIMENT, [0] * 2, partition=2)

    assert made.verdict(committed=1).repeated.count == 300


@given(
    st.lists(
        st.tuples(st.sampled_from(Output), st.lists(st.integers(-2, 12), max_size=8)),
        max_size=12,
    ),
    st.integers(0, 12),
)
def test_every_input_is_in_exactly_one_class(ends: list[tuple[Output, list[int]]], committed: int) -> None:
    made = account(range(10))
    for output, offsets in ends:
        made.ends(output, offsets, partition=2)

    verdict = made.verdict(committed=committed)

    counts = Counter((output, offset) for output, offsets in ends for offset in offsets if 0 <= offset < 10)
    classes = (verdict.missing, verdict.contradicted, verdict.pending)
    assert verdict.classified + verdict.dead_letters + sum(fault.count for fault in classes) == verdict.inputs == 10
    assert verdict.repeated.count == sum(count - 1 for count in counts.values())
    assert verdict.classified == sum(
        bool(counts[CLASSIFIED, offset] and counts[SENTIMENT, offset] and not counts[DEAD_LETTER, offset])
        for offset in range(10)
    )


@pytest.mark.parametrize("size", [0, 1])
def test_empty_range_is_right(size: int) -> None:
    made = Account(0, start=5, end=5 + size)

    assert made.verdict(committed=5).is_right(repeats_allowed=False)

"""What a fault cost is worked out from when outputs came."""

import pytest

from tests.faults.figures import worst_recovery

STEADY = [at / 10 for at in range(1000)]  # an output each tenth of a second, for a hundred seconds


def without(begin: float, end: float) -> list[float]:
    return [at for at in STEADY if not begin < at < end]


@pytest.mark.parametrize(
    ("appended", "recovery"),
    [
        ({0: without(10, 15)}, 3.0),
        ({0: without(10, 15), 1: without(10, 18)}, 6.0),
        ({0: [at for at in without(10, 15) if not 20 < at < 24]}, 12.0),
        ({0: [at for at in without(10, 15) if not 20 < at < 20.9]}, 3.0),
        ({0: without(10.5, 11.5)}, 0.0),
    ],
    ids=["its silence", "of the slowest partition", "a later silence", "a later pause", "over before its end"],
)
def test_recovery_is_over_when_no_long_silence_follows(appended: dict[int, list[float]], recovery: float) -> None:
    assert worst_recovery(appended, [(10.0, 12.0)]) == pytest.approx(recovery, abs=0.11)


def test_silence_that_lasts_into_the_next_fault_counts_with_that_one() -> None:
    assert worst_recovery({0: without(10, 25)}, [(10.0, 10.0), (20.0, 20.0)]) == pytest.approx(5.0, abs=0.11)


def test_without_faults_there_is_no_recovery() -> None:
    assert worst_recovery({0: STEADY}, []) is None

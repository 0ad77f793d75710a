"""When the detector gives an alarm: as River's, and as the compiled one."""

import numpy as np
import pytest
from numba import njit

from models.compiled import alarms
from models.online.alarms import Watch, surprise_of
from models.online.rules import ALARM_FADING, ALARM_LABELS, ALARM_MARGIN, ALARM_THRESHOLD, HASTE, HASTE_LABELS
from models.online.weights import ALARM_NUMBERS

haste = njit(alarms.haste.py_func)


def moving_shares(seed: int) -> list[float]:
    """Probabilities of the truth that fall and rise again a few times, and begin with the least that are possible."""
    chooser = np.random.default_rng(seed)
    levels = np.repeat(chooser.uniform(0.05, 0.95, 12), 400)
    return [0.0, 1.0, *np.clip(chooser.normal(levels, 0.3), 0, 1).tolist()]


@pytest.mark.parametrize("seed", range(10))
def test_alarms_are_those_of_river(seed: int) -> None:
    drift = pytest.importorskip("river.drift", reason="River is not installed")
    river = drift.PageHinkley(
        min_instances=ALARM_LABELS, delta=ALARM_MARGIN, threshold=ALARM_THRESHOLD, alpha=ALARM_FADING, mode="up"
    )
    watch = Watch()
    ours, theirs = [], []

    for place, share in enumerate(moving_shares(seed)):
        surprise = surprise_of(share, 20)
        river.update(surprise)
        theirs += [place] * river.drift_detected
        ours += [place] * watch.sees(surprise)

    assert ours == theirs
    assert len(ours) >= 1


def test_compiled_code_has_the_same_alarms() -> None:
    watch, compiled = Watch(), np.zeros(ALARM_NUMBERS)
    seen = 0

    for share in moving_shares(3):
        is_alarm = watch.sees(surprise_of(share, 20))
        haste(compiled, share, 20)
        assert (compiled[-1] == HASTE_LABELS - 1) == is_alarm
        if not is_alarm:
            assert compiled[:-1] == pytest.approx([watch.labels, watch.mean, watch.rise, watch.least], abs=1e-9)
        seen += is_alarm

    assert seen >= 2


def test_haste_lasts_for_its_labels() -> None:
    compiled = np.zeros(ALARM_NUMBERS)
    for _ in range(200):
        haste(compiled, 1.0, 3)

    times = [haste(compiled, 0.0, 3) for _ in range(20)] + [haste(compiled, 0.5, 3) for _ in range(600)]

    first = times.index(HASTE)
    assert 0 < first < 20
    assert times[first : first + HASTE_LABELS] == [HASTE] * HASTE_LABELS
    assert set(times[:first] + times[first + HASTE_LABELS :]) == {1.0}


def test_a_label_that_counts_twice_is_two_labels() -> None:
    once, twice = Watch(), Watch()

    once.sees(0.5, 2.0)
    twice.sees(0.5)
    twice.sees(0.5)

    assert (once.labels, once.mean) == (twice.labels, twice.mean)
    assert once.rise == pytest.approx(twice.rise, abs=1e-4)


def test_what_is_told_of_an_alarm_is_what_was_seen_since_the_rise_began() -> None:
    watch = Watch()
    for _ in range(100):
        watch.sees(0.25)
    seen = 0
    while not watch.is_alarm:
        watch.sees(0.75)
        seen += 1

    assert watch.recent_labels == seen
    assert watch.recent_surprise == pytest.approx(0.75 * seen)
    assert not watch.is_calm
    assert not watch.sees(0.75)
    assert watch.labels == 1
    assert watch.is_calm

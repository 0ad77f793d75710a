import math

import numpy as np
import pytest
from scipy.stats import fisher_exact, ks_2samp

from monitoring.drift.testing import ks_distance, limit_score, log_odds, number_score, share_scores

CHANCE = 0.01


def scores(
    now: list[int], tweets_now: int, before: list[int], tweets_before: int, *, between: float = 0.0
) -> list[float]:
    found = share_scores(
        np.array(now), tweets_now, np.array(before), tweets_before, between=between, chance=CHANCE, material=0.02
    )
    return [float(score) for score in found]


def test_an_equal_share_scores_nothing() -> None:
    assert scores([50, 0], 500, [400, 0], 4000) == [0.0, 0.0]


def test_a_share_is_never_surer_than_fishers_exact_test() -> None:
    [score] = scores([14], 200, [4], 1000)

    exact = fisher_exact([[14, 186], [4, 996]]).pvalue

    assert 1 < score <= math.log(exact) / math.log(CHANCE)


def test_chance_alone_exceeds_the_threshold_no_more_often_than_is_allowed() -> None:
    chance = np.random.default_rng(3)
    now, before = chance.binomial(500, 0.1, size=20_000), chance.binomial(2000, 0.1, size=20_000)

    found = share_scores(now, 500, before, 2000, between=0.0, chance=CHANCE, material=1e-9)

    assert 0.004 < np.mean(found >= 1) < 0.012


def test_what_the_reference_moves_by_itself_is_no_drift() -> None:
    chance = np.random.default_rng(3)
    between = 0.02
    spread = np.sqrt(between * 0.1 * 0.9)
    now = chance.binomial(500, np.clip(chance.normal(0.1, spread, size=5_000), 0, 1))
    before = np.full(5_000, 400)

    restless = share_scores(now, 500, before, 4000, between=between, chance=CHANCE, material=1e-9)
    still = share_scores(now, 500, before, 4000, between=0.0, chance=CHANCE, material=1e-9)

    assert np.mean(restless >= 1) < 0.02
    assert np.mean(still >= 1) > 0.1


def test_a_sure_but_tiny_change_does_not_count() -> None:
    [score] = scores([51_000], 500_000, [100_000], 1_000_000)

    assert score == pytest.approx(0.002 / 0.02)


def test_each_item_may_have_tweets_of_its_own() -> None:
    found = share_scores(
        np.array([40, 40]),
        np.array([50, 400]),
        np.array([20, 20]),
        np.array([200, 200]),
        between=0.0,
        chance=CHANCE,
        material=0.02,
    )

    assert found[0] > 1 > found[1] == 0.0


def test_the_distance_of_numbers_is_that_of_kolmogorov_and_smirnov() -> None:
    chance = np.random.default_rng(1)
    now, before = np.sort(chance.normal(size=300)), np.sort(chance.normal(0.3, size=700))

    assert ks_distance(now, before) == pytest.approx(ks_2samp(now, before).statistic)


def test_numbers_that_moved_score_more_than_the_threshold() -> None:
    chance = np.random.default_rng(1)
    before = np.sort(chance.normal(size=2000))

    moved = number_score(np.sort(chance.normal(0.5, size=500)), before, between=0.0, chance=CHANCE)
    still = number_score(np.sort(chance.normal(size=500)), before, between=0.0, chance=CHANCE)

    assert moved > 1 > still


def test_a_limit_is_broken_only_beyond_chance() -> None:
    assert limit_score(6, 500, limit=0.01, chance=CHANCE) < 1
    assert limit_score(20, 500, limit=0.01, chance=CHANCE) > 1


def test_log_odds_have_an_interval_even_of_no_tweets() -> None:
    value, low, high = log_odds(0, 100, 50, 100)

    assert low < value < high < 0
    assert log_odds(10, 100, 10, 100)[0] == 0

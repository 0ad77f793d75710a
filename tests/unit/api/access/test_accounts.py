import itertools

from hypothesis import given
from hypothesis import strategies as st

from api.access.accounts import Account, Accounts, Rate, Unit
from tests.clock import Clock

REQUESTS = Rate(Unit.REQUESTS, per_second=2.0, burst=4.0, setting="A")
TEXTS = Rate(Unit.TEXTS, per_second=10.0, burst=100.0, setting="B")
BOTH = frozenset(Unit)


def test_a_quiet_client_may_ask_for_a_burst_and_then_waits_for_the_rate() -> None:
    clock = Clock(1000.0)
    account = Account((REQUESTS,), clock)

    first = [account.enter(BOTH) for _ in range(5)]
    clock.now += 0.5
    later = [account.enter(BOTH) for _ in range(2)]

    assert first == [None] * 4 + [(REQUESTS, 0.5)]
    assert later == [None, (REQUESTS, 0.5)]


def test_many_texts_pass_and_the_next_request_waits_for_them() -> None:
    clock = Clock(1000.0)
    account = Account((TEXTS,), clock)

    assert account.enter(BOTH) is None
    account.take(Unit.TEXTS, 1000)

    assert account.enter(BOTH) == (TEXTS, 90.1)
    clock.now += 91
    assert account.enter(BOTH) is None


def test_who_has_used_up_its_texts_may_still_ask_for_what_has_none() -> None:
    account = Account((REQUESTS, TEXTS), Clock(1000.0))
    account.take(Unit.TEXTS, 500)

    assert account.enter({Unit.REQUESTS}) is None
    assert account.enter(BOTH) == (TEXTS, 40.1)


def test_a_refused_request_costs_nothing() -> None:
    clock = Clock(1000.0)
    account = Account((REQUESTS,), clock)
    account.take(Unit.REQUESTS, 4)

    refused = [account.enter(BOTH) for _ in range(100)]
    clock.now += 0.5

    assert set(refused) == {(REQUESTS, 0.5)}
    assert account.enter(BOTH) is None


def test_what_is_left_is_told_as_a_list_of_structured_fields() -> None:
    clock = Clock(1000.0)
    accounts = Accounts((REQUESTS, TEXTS), clock=clock)
    account = accounts.of("a")
    account.enter(BOTH)
    account.take(Unit.TEXTS, 130)

    assert accounts.policy == b'"requests";q=4;w=2, "texts";q=100;w=10'
    assert account.header() == b'"requests";r=3;t=1, "texts";r=0;t=13'


def test_clients_have_accounts_of_their_own() -> None:
    accounts = Accounts((REQUESTS,), clock=Clock(1000.0))
    accounts.of("a").take(Unit.REQUESTS, 4)

    assert accounts.of("a").enter(BOTH) is not None
    assert accounts.of("b").enter(BOTH) is None


def test_the_client_that_was_silent_longest_is_forgotten() -> None:
    accounts = Accounts((REQUESTS,), max_clients=3, clock=Clock(1000.0))
    for client in ("a", "b", "c"):
        accounts.of(client).take(Unit.REQUESTS, 4)
    accounts.of("a")

    accounts.of("d")

    assert len(accounts) == 3
    assert [accounts.of(client).enter(BOTH) is None for client in ("a", "c", "b")] == [False, False, True]


def test_many_addresses_take_no_more_memory_than_is_allowed() -> None:
    accounts = Accounts((REQUESTS,), max_clients=100, clock=Clock(1000.0))

    for number in range(10_000):
        accounts.of(f"192.0.2.{number}")

    assert len(accounts) == 100


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 300)), max_size=50))
def test_over_any_time_no_more_than_rate_and_burst_and_one_request_is_let_in(steps: list[tuple[float, int]]) -> None:
    clock = Clock(1000.0)
    account = Account((TEXTS,), clock)
    passed = []
    for seconds, texts in steps:
        clock.now += seconds
        if account.enter(BOTH) is None:
            account.take(Unit.TEXTS, texts)
            passed.append((clock.now, texts))

    for first, last in itertools.combinations_with_replacement(range(len(passed)), 2):
        before_the_last = sum(texts for _, texts in passed[first:last])
        span = passed[last][0] - passed[first][0]
        assert before_the_last <= TEXTS.burst + TEXTS.per_second * span + 1e-6

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live.viewers import RING_FRAMES, Viewers
from api.request_errors import OverloadedError


def viewers_of(most: int = 10) -> Viewers:
    return Viewers(most, show=lambda _: None)


def test_a_client_gets_what_came_since_it_joined_once() -> None:
    viewers = viewers_of()
    viewers.publish(1, b"a")
    viewer = viewers.join(1)
    viewers.publish(2, b"b")
    viewers.publish(3, b"c")

    assert viewer.wake.is_set()
    assert viewers.take(viewer) == b"bc"
    assert viewers.take(viewer) == b""


def test_a_client_that_is_far_behind_goes_on_with_the_newest() -> None:
    viewers = viewers_of()
    viewer = viewers.join(0)
    for number in range(1, RING_FRAMES + 3):
        viewers.publish(number, b"%d" % number)

    assert viewers.take(viewer) == b"%d" % (RING_FRAMES + 2)
    viewers.publish(99, b"next")
    assert viewers.take(viewer) == b"next"


def test_a_client_that_is_just_not_too_far_behind_gets_all() -> None:
    viewers = viewers_of()
    viewer = viewers.join(0)
    for number in range(1, RING_FRAMES + 1):
        viewers.publish(number, b"%d" % number)

    assert viewers.take(viewer) == b"12345678"


def test_one_client_too_many_is_refused_until_another_leaves() -> None:
    shown: list[int] = []
    viewers = Viewers(2, show=shown.append)
    first, _ = viewers.join(0), viewers.join(0)

    with pytest.raises(OverloadedError, match=r"2 streams are open \(API_LIVE_STREAMS\)"):
        viewers.join(0)
    viewers.leave(first)
    viewers.leave(first)
    viewers.join(0)

    assert (len(viewers), shown[-1]) == (2, 2)


def test_all_streams_are_told_to_end() -> None:
    viewers = viewers_of()
    joined = [viewers.join(0) for _ in range(3)]

    viewers.end()

    assert [(viewer.is_ended, viewer.wake.is_set()) for viewer in joined] == [(True, True)] * 3


@given(st.lists(st.booleans(), max_size=60))
def test_events_come_in_order_once_and_the_newest_always(takes: list[bool]) -> None:
    viewers = viewers_of()
    viewer = viewers.join(0)
    got: list[int] = []
    for number, takes_now in enumerate(takes, start=1):
        viewers.publish(number, b"%d," % number)
        if takes_now:
            got += map(int, viewers.take(viewer).split(b",")[:-1])
            assert got[-1] == number
    assert got == sorted(set(got))

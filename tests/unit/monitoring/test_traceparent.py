import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.tracing.traceparent import Parent, read_traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_valid_header_names_trace_span_and_flags() -> None:
    parent = read_traceparent([f"00-{TRACE}-{SPAN}-01".encode()])

    assert parent == Parent(int(TRACE, 16), int(SPAN, 16), 1)
    assert parent.is_sampled


@pytest.mark.parametrize(("flags", "is_sampled"), [("00", False), ("01", True), ("02", False), ("03", True)])
def test_last_bit_of_the_flags_says_whether_the_trace_is_recorded(flags: str, is_sampled: bool) -> None:  # noqa: FBT001
    parent = read_traceparent([f"00-{TRACE}-{SPAN}-{flags}".encode()])

    assert parent is not None
    assert parent.is_sampled is is_sampled


def test_flags_that_the_standard_does_not_know_are_not_passed_on() -> None:
    parent = read_traceparent([f"00-{TRACE}-{SPAN}-ff".encode()])

    assert parent is not None
    assert parent.flags == 3


@pytest.mark.parametrize("more", ["", "-", "-what-later-versions-say"])
def test_later_version_is_read_as_this_one(more: str) -> None:
    parent = read_traceparent([f"cc-{TRACE}-{SPAN}-01{more}".encode()])

    assert parent == Parent(int(TRACE, 16), int(SPAN, 16), 1)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"00-{TRACE}-{SPAN[:-1]}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
        f"00-{TRACE[:-1]}g-{SPAN}-01",
        f"00_{TRACE}_{SPAN}_01",
        f"00-{TRACE[:-1]}\N{ARABIC-INDIC DIGIT ONE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
    ],
)
def test_header_that_is_not_valid_counts_as_none(value: str) -> None:
    assert read_traceparent([value.encode()]) is None


def test_none_and_several_count_as_none() -> None:
    valid = f"00-{TRACE}-{SPAN}-01".encode()

    assert read_traceparent([]) is None
    assert read_traceparent([None]) is None
    assert read_traceparent([valid, valid]) is None
    assert read_traceparent([None, valid]) is None


@given(st.binary(max_size=80))
def test_any_bytes_are_read_without_an_error(value: bytes) -> None:
    parent = read_traceparent([value])

    assert parent is None or parent.trace_id * parent.span_id > 0

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.features import FEATURE_COUNT, FEATURES_VERSION, feature_ids, feature_rows, terms


def test_terms_are_words_neighbours_and_the_ends_of_long_words() -> None:
    found = terms("Shares fall 5%")

    assert found == [b"shares", b"shar*", b"*res", b"fall", b"shares fall", b"<percent>", b"fall <percent>"]


def test_repeated_term_counts_once() -> None:
    assert feature_ids("up up up") == feature_ids("up up")


def test_ids_of_this_version_never_change() -> None:
    # Weights files hold these ids: if this fails, raise FEATURES_VERSION and train again.
    found = sorted(feature_ids("$TSLA up +4% \U0001f680"))

    assert (FEATURES_VERSION, found) == (1, [323184, 429000, 666036, 776134, 868730, 874211, 1039830])


@given(st.lists(st.text(st.characters(codec=None)), max_size=5))
def test_rows_hold_each_texts_ids_in_order(texts: list[str]) -> None:
    ids, starts = feature_rows(texts)

    found = [sorted(ids[start:end].tolist()) for start, end in pairwise(starts)]
    assert found == [sorted(feature_ids(text)) for text in texts]
    assert all(0 <= number < FEATURE_COUNT for number in ids.tolist())

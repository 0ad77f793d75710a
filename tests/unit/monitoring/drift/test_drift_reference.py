from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import DriftError
from monitoring.drift.comparing import Comparison, compare
from monitoring.drift.records import Cause
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.reference_file import encode_reference, load_reference, save_reference
from monitoring.drift.references.spread import spread
from monitoring.drift.vocabulary import Vocabulary, word_hash
from monitoring.drift.windows import Window, window_of


def moved(comparison: Comparison) -> list[Cause]:
    return [cause for cause in comparison.near.values() if cause.score >= 1]


def made(windows: list[Window]) -> Reference:
    return reference_of(windows, trained=Vocabulary(0, {}), model_name="m", model_version="1", source="drawn")


def test_a_reference_is_read_as_it_was_written(reference: Reference, tmp_path: Path) -> None:
    path = tmp_path / "new" / "reference.npz"

    save_reference(reference, path)
    read = load_reference(path)

    assert read.id == reference.id
    assert encode_reference(read) == encode_reference(reference) == path.read_bytes()
    assert (read.shares, read.sentiments, read.tweets) == (reference.shares, reference.sentiments, 5_000)
    assert (read.terms.texts, read.terms.count(b"word7")) == (5_000, reference.terms.count(b"word7"))


def test_another_content_is_another_id(reference: Reference) -> None:
    assert replace(reference, tweets=4_999).id != reference.id


def test_a_file_holds_no_word_of_few_texts(rows: Callable[..., list], tmp_path: Path) -> None:
    tweets = rows(500, seed=1)
    tweets[0] = tweets[0]._replace(words=(b"secretword",))
    path = tmp_path / "reference.npz"

    save_reference(made([window_of(tweets)]), path)

    assert load_reference(path).terms.count(b"secretword") == 1
    with np.load(path) as arrays:
        head = arrays["head"].tobytes()
    assert b"word7" in head
    assert b"secretword" not in head


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_file_that_is_none_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reference.npz"
    path.write_bytes(content)

    with pytest.raises(DriftError, match=r"is no reference .* make one with `tickertape drift reference`"):
        load_reference(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DriftError, match="can't be read: No such file or directory; make one"):
        load_reference(tmp_path / "none.npz")


def test_every_cut_of_a_file_is_told(reference: Reference, tmp_path: Path) -> None:
    content = encode_reference(reference)
    path = tmp_path / "reference.npz"

    for length in range(0, len(content), 997):
        path.write_bytes(content[:length])
        with pytest.raises(DriftError):
            load_reference(path)


def test_a_still_feed_has_no_spread_to_speak_of(rows: Callable[..., list]) -> None:
    windows = [window_of(rows(500, seed=seed)) for seed in range(20)]

    found = spread(windows)

    assert max(found.values()) < 1 / 500


def test_the_spread_of_a_restless_feed_is_found(rows: Callable[..., list]) -> None:
    chance = np.random.default_rng(5)
    shares = np.clip(chance.normal(0.5, 0.1, size=60), 0, 1)
    windows = [
        window_of([row._replace(has_link=bool(chance.random() < share)) for row in rows(500, seed=seed)])
        for seed, share in enumerate(shares)
    ]

    found = spread(windows)

    assert found["has_link"] == pytest.approx(0.1**2 / 0.25, rel=0.4)
    assert found["has_mention"] < 0.002


def test_bursts_that_the_reference_knows_are_usual(rows: Callable[..., list]) -> None:
    def bursting(seed: int) -> Window:
        return window_of(rows(450, seed=seed) + rows(50, seed=100 + seed, tickers=(f"T{seed}",)))

    restless, still = (
        made([bursting(seed) for seed in range(12)]),
        made([window_of(rows(500, seed=s)) for s in range(12)]),
    )

    assert restless.usual["ticker"] > still.usual["ticker"] == 1
    assert "ticker" not in {cause.column for cause in moved(compare(restless, bursting(77)))}
    assert "ticker=T77" in {cause.name for cause in moved(compare(still, bursting(77)))}


def test_labelled_tweets_without_times_give_no_columns_of_a_feed(rows: Callable[..., list]) -> None:
    reference = made([window_of(rows(500, seed=1, is_feed=False))])

    assert not {"hour", "has_no_time", "is_repeat"} & set(reference.shares)
    assert "delay_seconds" not in compare(reference, window_of(rows(500, seed=2))).scores
    assert not moved(compare(reference, window_of(rows(500, seed=2))))


def test_words_are_known_by_their_hashes() -> None:
    vocabulary = Vocabulary.of([[b"oil", b"up"], [b"oil"]])

    assert (vocabulary.texts, vocabulary.count(b"oil"), vocabulary.count(b"up"), vocabulary.count(b"gold")) == (
        2,
        2,
        1,
        0,
    )
    assert vocabulary.unseen_share([b"oil", b"gold", b"meme", b"up"]) == 0.5
    assert vocabulary.unseen_share([]) == 0
    assert word_hash(b"oil") in vocabulary.arrays()[0]

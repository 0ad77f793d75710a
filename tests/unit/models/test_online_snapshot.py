"""A snapshot is the state itself, and one that belongs elsewhere is refused."""

import io
import json
import zipfile
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ModelCorruptError, ModelError, SnapshotRefusedError
from models.online.learner import OnlineLearner
from models.online.snapshot import decode_progress, decode_snapshot
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS


@pytest.fixture(scope="module")
def stream(tweet_texts: list[str]) -> tuple[list[str], np.ndarray]:
    """Texts with labels that have little to do with them, some for one head alone."""
    chooser = np.random.default_rng(3)
    texts = [tweet_texts[place] for place in chooser.integers(0, len(tweet_texts), 1_000)]
    lows, highs = (-1, -1), (len(LABELS), len(SENTIMENTS))
    return texts, chooser.integers(lows, highs, (1_000, 2))


@pytest.fixture(scope="module")
def snapshot(pretrained_scorer: Scorer, stream: tuple[list[str], np.ndarray]) -> bytes:
    learner = OnlineLearner(pretrained_scorer)
    learner.learn(*stream)
    return learner.snapshot()


@pytest.fixture(scope="module")
def small_snapshot(pretrained_scorer: Scorer, stream: tuple[list[str], np.ndarray]) -> bytes:
    """A snapshot whose headers are much of it."""
    learner = OnlineLearner(pretrained_scorer)
    learner.learn(stream[0][:3], stream[1][:3])
    return learner.snapshot()


def changed(content: bytes, **arrays: "np.ndarray[Any, Any] | None") -> bytes:
    with np.load(io.BytesIO(content)) as stored:
        merged = {**stored, **arrays}
    buffer = io.BytesIO()
    np.savez(buffer, **{name: array for name, array in merged.items() if array is not None})
    return buffer.getvalue()


@pytest.mark.parametrize("learned_before", [0, 1, 500, 999])
def test_learning_goes_on_from_a_snapshot_as_if_nothing_had_happened(
    pretrained_scorer: Scorer, stream: tuple[list[str], np.ndarray], snapshot: bytes, learned_before: int
) -> None:
    texts, truth = stream
    first = OnlineLearner(pretrained_scorer)
    first.learn(texts[:learned_before], truth[:learned_before])

    second = OnlineLearner.restored(pretrained_scorer, first.snapshot())
    second.learn(texts[learned_before:], truth[learned_before:])

    assert second.snapshot() == snapshot


def test_a_snapshot_holds_every_number(
    pretrained_scorer: Scorer, stream: tuple[list[str], np.ndarray], snapshot: bytes
) -> None:
    learner = OnlineLearner(pretrained_scorer)
    learner.learn(*stream)

    restored = decode_snapshot(snapshot, batch=pretrained_scorer.weights)

    for name, array in restored._asdict().items():
        assert (array == getattr(learner.weights, name)).all(), name


def test_all_of_a_snapshot_is_compressed(snapshot: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(snapshot)) as archive:
        kinds = {entry.compress_type for entry in archive.infolist()}

    assert kinds == {zipfile.ZIP_DEFLATED}
    assert len(snapshot) < 200_000  # the words alone have 6 MB


def test_what_reads_a_snapshot_can_not_change_the_learner(pretrained_scorer: Scorer) -> None:
    learner = OnlineLearner(pretrained_scorer)
    before = learner.snapshot()

    learner.weights.words[:] = 7

    assert learner.snapshot() == before


def test_a_snapshot_of_another_batch_model_is_refused(pretrained_scorer: Scorer, snapshot: bytes) -> None:
    weights = pretrained_scorer.weights
    other = replace(weights, biases=weights.biases + np.float32(0.5))

    with pytest.raises(SnapshotRefusedError, match=r"batch_sha256 .* expected .* learn anew"):
        decode_snapshot(snapshot, batch=other)


@pytest.mark.parametrize(
    ("name", "value"),
    [("format", 99), ("features_version", 99), ("word_rows", 7), ("labels", ["Dividend"]), ("steps_per_unit", 1)],
)
def test_a_snapshot_of_another_version_is_refused(
    pretrained_scorer: Scorer, snapshot: bytes, name: str, value: object
) -> None:
    with np.load(io.BytesIO(snapshot)) as arrays:
        header = json.loads(arrays["header"].tobytes())
    header[name] = value
    content = changed(snapshot, header=np.frombuffer(json.dumps(header).encode(), dtype=np.uint8))

    with pytest.raises(SnapshotRefusedError, match=f"has {name} "):
        decode_snapshot(content, batch=pretrained_scorer.weights)


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04", b"\x00" * 100])
def test_what_is_no_snapshot_is_told(pretrained_scorer: Scorer, content: bytes) -> None:
    with pytest.raises(ModelCorruptError, match="is no snapshot"):
        decode_snapshot(content, batch=pretrained_scorer.weights)


@pytest.mark.parametrize("place", [2_000, -2_000, -20])
def test_a_damaged_snapshot_is_told(pretrained_scorer: Scorer, snapshot: bytes, place: int) -> None:
    damaged = bytearray(snapshot)
    damaged[place : place + 8] = b"\x55" * 8

    with pytest.raises(ModelCorruptError):
        decode_snapshot(bytes(damaged), batch=pretrained_scorer.weights), decode_progress(bytes(damaged))


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 100_000), damage=st.binary(min_size=1, max_size=4), is_cut=st.booleans())
def test_whatever_is_damaged_raises_nothing_but_errors_of_models(
    pretrained_scorer: Scorer, small_snapshot: bytes, place: int, damage: bytes, *, is_cut: bool
) -> None:
    damaged = bytearray(small_snapshot)
    place %= len(damaged)
    if is_cut:
        del damaged[place:]
    else:
        damaged[place : place + len(damage)] = damage

    with suppress(ModelError):
        decode_snapshot(bytes(damaged), batch=pretrained_scorer.weights), decode_progress(bytes(damaged))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("votes", np.zeros((2, 3))),
        ("votes", np.full((2, 3), np.nan)),
        ("votes", np.full((3, 2), 1 / 3)),
        ("learned", np.array([-1, 0])),
        ("alarms", np.full((2, 5), np.nan)),
        ("alarms", np.full((2, 5), -1.0)),
        ("alarms", np.zeros((2, 4))),
        ("learned", np.array([1.0, 0.0])),
        ("label_confusions", np.zeros((2, 3, 3))),
        ("label_confusions", np.full((2, 20, 20), np.inf)),
        ("moved_words", np.ones(3, dtype=np.int16)),
        ("is_moved", np.zeros(3, dtype=np.uint8)),
        ("moved_words", None),
    ],
)
def test_numbers_that_would_give_wrong_answers_are_refused(
    pretrained_scorer: Scorer, snapshot: bytes, name: str, array: "np.ndarray[Any, Any] | None"
) -> None:
    with pytest.raises(ModelCorruptError):
        decode_snapshot(changed(snapshot, **{name: array}), batch=pretrained_scorer.weights)

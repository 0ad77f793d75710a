# ruff: noqa: PLC0415 -- PyTorch is imported by the tests that use it, where it is there
"""A small run of the whole way: teacher fine-tuned, texts made and labelled, both heads fitted; stopped and resumed."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as with_values

from models.data.dataset import LabelledTweets, Split, read_split
from models.training.arguments import TrainingArguments
from models.training.soft_labels import SoftLabels

pytestmark = [
    pytest.mark.training,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch: run `make venv-teacher`"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning:torch"),
]

LABELLED = Path(__file__).parents[1] / "data" / "labelled"
ARGUMENTS = TrainingArguments(teacher_epochs=2, teacher_learning_rate=3e-4, augmented_copies=1, fold_count=2)


@pytest.fixture(scope="module")
def split() -> Split:
    """The project's own labelled tweets, few enough for seconds."""
    whole = read_split(LABELLED, held_out_share=0.15, seed=7)
    labels, sentiments = (head.train.take(range(0, len(head.train), 3)) for head in (whole.labels, whole.sentiments))
    return replace(
        whole,
        labels=replace(whole.labels, train=labels),
        sentiments=replace(whole.sentiments, train=sentiments),
    )


def taught(folder: Path, split: Split, told: list[str], *, epochs: int = ARGUMENTS.teacher_epochs) -> SoftLabels:
    from models.teacher.distiller import Distiller

    arguments = with_values(ARGUMENTS, teacher_epochs=epochs)
    distiller = Distiller(
        split, arguments, folder=folder, unlabelled=["Nickel prices double in a day"], told=told.append
    )
    return distiller.teach(split.labels.train, split.sentiments.train)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("teacher")


@pytest.fixture(scope="module")
def soft_labels(folder: Path, split: Split) -> SoftLabels:
    """What a teacher of two epochs says."""
    return taught(folder, split, [])


def test_teacher_answers_labelled_copied_and_unlabelled_texts(soft_labels: SoftLabels, split: Split) -> None:
    count = len(split.labels.train) + len(split.sentiments.train)

    assert soft_labels.labelled.shape == (len(split.labels.train), 23)
    assert soft_labels.further.texts[-1] == "Nickel prices double in a day"
    assert len(soft_labels.further.texts) == count + 1
    for answers in (soft_labels.labelled, soft_labels.with_sentiment, soft_labels.further_probabilities):
        assert np.allclose(answers[:, :20].sum(axis=1), 1, atol=1e-5)
        assert np.allclose(answers[:, 20:].sum(axis=1), 1, atol=1e-5)


def test_teacher_learns_what_it_was_shown(soft_labels: SoftLabels, split: Split) -> None:
    said = soft_labels.with_sentiment[:, 20:].argmax(axis=1)

    most = np.bincount(split.sentiments.train.classes).max() / len(split.sentiments.train)
    assert (said == split.sentiments.train.classes).mean() > most


def test_steps_that_are_done_are_not_done_again(soft_labels: SoftLabels, folder: Path, split: Split) -> None:
    told: list[str] = []

    again = taught(folder, split, told)

    assert told == []
    assert np.array_equal(again.further_probabilities, soft_labels.further_probabilities)


@pytest.mark.usefixtures("soft_labels")
def test_a_stopped_fine_tuning_goes_on_to_the_same_weights(folder: Path, split: Split, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    from models.teacher.fine_tuning import fine_tune

    class Stopped(Exception):  # noqa: N818  # not an error
        pass

    def stop_after_the_first(epochs: int) -> None:
        if epochs == 1:
            raise Stopped

    tweets: tuple[LabelledTweets, LabelledTweets] = (split.labels.train, split.sentiments.train)
    with pytest.raises(Stopped):
        fine_tune(*tweets, ARGUMENTS, folder=tmp_path, epoch_done=stop_after_the_first)
    epochs: list[int] = []
    resumed = load_file(fine_tune(*tweets, ARGUMENTS, folder=tmp_path, epoch_done=epochs.append))

    (whole,) = folder.glob("teacher-*/weights.safetensors")
    assert epochs == [1, 2]
    for name, weights in load_file(whole).items():
        assert np.allclose(resumed[name], weights, atol=1e-5), name


def test_two_answers_differ_by_their_divergence_in_both_heads() -> None:
    import torch

    from models.teacher.fine_tuning import _difference

    scores = torch.zeros(4, 23)
    scores[0, 20:] = torch.log(torch.tensor([0.5, 0.25, 0.25]))  # the third row answers the same text

    third = torch.tensor([1 / 3, 1 / 3, 1 / 3])
    said = torch.tensor([0.5, 0.25, 0.25])
    divergences = (said * (said / third).log()).sum() + (third * (third / said).log()).sum()
    assert float(_difference(scores)) == pytest.approx(float(divergences) / 4)
    assert float(_difference(torch.cat([scores, scores]))) == 0


@pytest.mark.usefixtures("soft_labels")
def test_a_step_says_on_what_it_runs(folder: Path, split: Split, tmp_path: Path) -> None:
    from models.teacher.network import device_name

    told: list[str] = []
    for name in folder.glob("neighbours-*.json"):
        (tmp_path / name.name).write_bytes(name.read_bytes())

    taught(tmp_path, split, told, epochs=1)

    assert all(step.endswith(f"on {device_name()}") for step in told)
    assert {step.split(" ")[0] for step in told} == {"fine-tuning", "asking"}


def test_students_of_the_teacher_answer_both_heads(soft_labels: SoftLabels, split: Split) -> None:
    from models.scorer import Scorer
    from models.training.trainer import train

    published = replace(split, is_published=True)  # so that it is fitted once, on the tweets that the teacher has seen

    result = train(published, ARGUMENTS, teach=lambda _labelled, _with_sentiment: soft_labels, progress=lambda *_: None)

    answers = Scorer(result.weights).probabilities(split.sentiments.train.texts)
    assert (answers.sentiments.argmax(axis=1) == split.sentiments.train.classes).mean() > 0.8


def test_served_teacher_says_nearly_what_the_teacher_says(soft_labels: SoftLabels, folder: Path, split: Split) -> None:
    from models.careful.teacher import ServedTeacher
    from models.teacher.distiller import Distiller

    distiller = Distiller(split, ARGUMENTS, folder=folder, unlabelled=[], told=lambda _: None)

    served = ServedTeacher(distiller.served(np.linspace(0, 1, 201)))

    texts, said = split.labels.train.texts[:100], soft_labels.labelled[:100]
    answers = np.array([served.probabilities(text) for text in texts])
    assert served.doubts.tolist() == pytest.approx(np.linspace(0, 1, 201).tolist())
    assert np.abs(answers - said).mean() < 0.01
    assert (answers[:, :20].argmax(axis=1) == said[:, :20].argmax(axis=1)).mean() > 0.95

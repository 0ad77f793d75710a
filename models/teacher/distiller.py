"""From labelled tweets to soft labels: a teacher is fine-tuned, texts are made, the teacher answers them; steps are kept.

What a step gives lies in a folder named by a hash of all that it depends on: a run that was stopped goes on where it
was, and one with other students' arguments does not wait for the teacher again.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from models.calibration import FloatArray
from models.careful.teacher import metadata
from models.data.dataset import LabelledTweets, Split
from models.files import write_whole
from models.teacher.export import export
from models.teacher.fine_tuning import WEIGHTS_FILE, fine_tune
from models.teacher.network import Teacher, device_name, neighbours, use_all_processors, vocabulary
from models.teacher.wordpieces import readable
from models.training.arguments import TrainingArguments
from models.training.augmentation import WORD, augmented
from models.training.soft_labels import NO_ORIGIN, FurtherTexts, SoftLabels

Told = Callable[[str], None]
"""Told what happens now."""

_VERSION = 1  # of the steps: raise it when what one gives changes
_FEWEST_CHARACTERS = 3


class Distiller:
    """Makes soft labels, from one teacher that has seen the training tweets of a split and none of the held-out ones.

    Args:
        split: the labelled tweets.
        arguments: of the training.
        folder: keeps the steps.
        unlabelled: texts to learn from beside the labelled ones, none of them held out.
        told: told of each step.
    """

    def __init__(
        self, split: Split, arguments: TrainingArguments, *, folder: Path, unlabelled: Sequence[str], told: Told
    ) -> None:
        self._labelled, self._with_sentiment = split.labels.train, split.sentiments.train
        self._folder, self._arguments, self._told = folder, arguments, told
        self._unlabelled = tuple(unlabelled)
        use_all_processors()

    def teach(self, labelled: LabelledTweets, with_sentiment: LabelledTweets) -> SoftLabels:
        """Give the probabilities of these tweets and of further texts, among them copies of these tweets."""
        folder = self._fine_tuned(self._labelled, self._with_sentiment)
        further = self._further(labelled.texts + with_sentiment.texts)
        texts = labelled.texts + with_sentiment.texts + further.texts
        known = self._answers(folder, texts)
        ends = len(labelled), len(labelled) + len(with_sentiment)
        return SoftLabels(known[: ends[0]], known[ends[0] : ends[1]], further, known[ends[1] :])

    def served(self, doubts: FloatArray) -> bytes:
        """Give the teacher as the file that is served beside the weights, see `models.training.soft_labels.Distillation`."""
        folder = self._fine_tuned(self._labelled, self._with_sentiment)
        return export(folder / WEIGHTS_FILE, metadata(vocabulary=vocabulary(), doubts=doubts.tolist()))

    def _fine_tuned(self, labelled: LabelledTweets, with_sentiment: LabelledTweets) -> Path:
        chosen = self._arguments
        depends_on = [
            *(chosen.teacher_epochs, chosen.teacher_learning_rate, chosen.teacher_consistency, chosen.seed),
            *(labelled.texts, labelled.classes.tolist(), with_sentiment.texts, with_sentiment.classes.tolist()),
        ]
        folder = self._folder / f"teacher-{_digest(depends_on)}"
        if not (folder / WEIGHTS_FILE).exists():
            folder.mkdir(parents=True, exist_ok=True)
            tweets = len(labelled) + len(with_sentiment)

            def told(epochs: int) -> None:
                step = f"fine-tuning the teacher on {tweets:,} tweets, epoch {epochs} of {chosen.teacher_epochs}"
                self._told(f"{step}, on {device_name()}")

            fine_tune(labelled, with_sentiment, chosen, folder=folder, epoch_done=told)
        return folder

    def _further(self, texts: Sequence[str]) -> FurtherTexts:
        chosen = self._arguments
        seen = [readable(text) for text in texts]
        copies: list[str] = []
        origins = np.empty((0, 2), dtype=np.int64)
        if chosen.augmented_copies:
            alike = self._neighbours(seen)
            for copy in range(chosen.augmented_copies):
                more, from_rows = augmented(seen, alike, seed=chosen.seed + copy)
                copies += more
                origins = np.concatenate([origins, from_rows])
        weights = np.tile([chosen.augmented_label_weight, chosen.augmented_sentiment_weight], (len(copies), 1))
        unlabelled = FurtherTexts(
            self._unlabelled,
            np.full((len(self._unlabelled), 2), NO_ORIGIN),
            np.full((len(self._unlabelled), 2), chosen.unlabelled_weight),
        )
        return FurtherTexts(tuple(copies), origins, weights).joined(unlabelled)

    def _neighbours(self, texts: Sequence[str]) -> dict[str, list[str]]:
        words = sorted({word.lower() for text in texts for word in WORD.findall(text) if _is_word(word)})
        path = self._folder / f"neighbours-{_digest(words)}.json"
        if not path.exists():
            self._told(f"looking for words of like meaning, for {len(words):,} words")
            write_whole(path, msgspec.json.encode(neighbours(words)))
        return msgspec.json.decode(path.read_bytes(), type=dict[str, list[str]])

    def _answers(self, folder: Path, texts: Sequence[str]) -> FloatArray:
        path = folder / f"answers-{_digest(texts)}.npy"
        if not path.exists():
            teacher = Teacher(folder / WEIGHTS_FILE)

            def told(done: int) -> None:
                self._told(f"asking the teacher, {done:,} of {len(texts):,} texts, on {device_name()}")

            answers = teacher.probabilities(texts, progress=told)
            content = io.BytesIO()
            np.save(content, answers.astype(np.float32))
            write_whole(path, content.getvalue())
        return np.load(path, allow_pickle=False).astype(np.float64)


def _is_word(text: str) -> bool:
    return len(text) >= _FEWEST_CHARACTERS and text.isalpha()


def _digest(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode([_VERSION, content])).hexdigest()[:16]

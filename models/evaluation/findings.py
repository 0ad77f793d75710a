"""All that one evaluation found; the content of `evaluate --json`."""

from typing import Literal

import msgspec

from models.careful.measuring import CarefulPoint
from models.evaluation.learning_curve import LearningPoint
from models.evaluation.metrics import Evaluation
from models.evaluation.predecessor import ProtocolScores
from models.training.arguments import TrainingArguments


class Findings(msgspec.Struct, frozen=True):
    """What was measured, and on what; parts that were not asked for are None.

    Attributes:
        arguments: of the training.
        data_sha256: hash over the files with labelled tweets.
        held_out: see `models.training.report.Report`.
        has_teacher: True when the weights of the evaluation learned from a teacher too; nothing else here did.
        evaluation: of weights fitted on the training tweets alone.
        learning_curve: by rising share of the training tweets.
        predecessor: see `models.evaluation.predecessor`.
        care: by rising share of tweets that the teacher sees.
    """

    arguments: TrainingArguments
    data_sha256: str
    held_out: Literal["split off", "published"]
    has_teacher: bool
    evaluation: Evaluation
    learning_curve: tuple[LearningPoint, ...] | None = None
    predecessor: ProtocolScores | None = None
    care: tuple[CarefulPoint, ...] | None = None

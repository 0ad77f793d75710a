"""search(study, folds, present) tries arguments; findings(study, folds, present) compares the best with the present."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, Trial, TrialState

from models.evaluation.differences import MetricDifference
from models.training.arguments import TrainingArguments
from models.training.trainer import Progress
from models.tuning.folds import FOLD_COUNT, Figures, Folds

LEAST_GAIN = 0.001
"""Of the mean of the figures: what is smaller is not worth other arguments."""

_SPACE: dict[str, IntDistribution | FloatDistribution] = {
    "min_tweets_per_feature": IntDistribution(2, 5),  # 1 makes a table several times as large, of words seen once
    "label_inverse_regularisation": FloatDistribution(0.05, 10.0, log=True),
    "label_balance_power": FloatDistribution(0.0, 1.0),
    "sentiment_inverse_regularisation": FloatDistribution(0.05, 10.0, log=True),
    "sentiment_balance_power": FloatDistribution(0.0, 1.0),
}
_ARGUMENTS, _FOLDS = "arguments", "folds"  # what a trial keeps in the study

Values = dict[str, float]


class Measured(msgspec.Struct, frozen=True):
    """One trial that was measured on all folds.

    Attributes:
        trial: its number in the study, from 0.
        arguments: the searched ones by name.
        figures: on all training tweets, each answered by a model that has not learned from it.
        mean: of the figures; what the search maximises.
    """

    trial: int
    arguments: Values
    figures: Figures
    mean: float


class Findings(msgspec.Struct, frozen=True):
    """What a study has found so far.

    Attributes:
        study: its name.
        trials: how many there are, by state: complete, pruned, failed.
        present: the trial with the present arguments.
        best: the trial with the greatest mean; perhaps the same.
        gain: of the best over the present in the mean, on folds dealt anew, with a paired 95 % interval over the tweets.
            On the folds of the search it would be flattered: the best was chosen on them.
    """

    study: str
    trials: dict[str, int]
    present: Measured
    best: Measured
    gain: MetricDifference

    @property
    def is_gain(self) -> bool:
        """True when the best arguments are worth taking: by `LEAST_GAIN`, and more than chance explains."""
        return self.gain.value >= LEAST_GAIN and self.gain.low > 0


@dataclass(frozen=True)
class Tried:
    """One trial that came to its end.

    Attributes:
        number: in the study, from 0.
        state: complete or pruned.
        arguments: the searched ones by name.
        folds: the figures and their mean after each fold.
    """

    number: int
    state: str
    arguments: Values
    folds: Sequence[Mapping[str, float]]


def search(
    study: optuna.Study,
    folds: Folds,
    present: TrainingArguments,
    *,
    trial_count: int | None,
    seconds: float | None,
    record: Callable[[Tried], None],
    progress: Progress,
) -> None:
    """Try arguments, the present ones first where the study lacks them; each trial is kept when it ends.

    Args:
        study: see `models.tuning.study.open_study`.
        folds: to measure on.
        present: the arguments to improve; those that are not searched hold for every trial.
        trial_count: trials to add; None for no limit.
        seconds: after which no further trial begins; None for no limit.
        record: told of each trial that ends.
        progress: told of each fold.
    """
    space, begun = _space_around(present), len(study.get_trials(deepcopy=False))

    def mean(trial: Trial) -> float:
        values = {name: _suggested(trial, name, space[name], present) for name in space}
        trial.set_user_attr(_ARGUMENTS, values)
        measured = []
        for fold, said in enumerate(folds.answers(msgspec.structs.replace(present, **values))):
            progress(f"trial {trial.number}, fold {fold + 1} of {FOLD_COUNT}", trial.number - begun, trial_count or 0)
            figures = folds.figures(said)
            measured.append({**msgspec.structs.asdict(figures), "mean": figures.mean})
            trial.set_user_attr(_FOLDS, measured)
            trial.report(figures.mean, fold)
            if fold + 1 < FOLD_COUNT and values != _searched(present) and trial.should_prune():
                raise optuna.TrialPruned
        return figures.mean

    def ended(_: optuna.Study, trial: FrozenTrial) -> None:
        record(Tried(trial.number, trial.state.name.lower(), trial.user_attrs[_ARGUMENTS], trial.user_attrs[_FOLDS]))

    if _trial_of(study, present) is None:
        study.enqueue_trial(_searched(present))
    study.optimize(mean, n_trials=trial_count, timeout=seconds, callbacks=[ended])


def findings(study: optuna.Study, folds: Folds, present: TrainingArguments) -> Findings | None:
    """Compare the best trial of a study with the one of the present arguments; None before that one is measured.

    It takes the time of two trials, where they are not the same.
    """
    trial = _trial_of(study, present)
    if trial is None:
        return None
    states = Counter(one.state.name.lower() for one in study.get_trials(deepcopy=False))
    return Findings(
        study=study.study_name,
        trials={"complete": states["complete"], "pruned": states["pruned"], "failed": states["fail"]},
        present=_measured(trial),
        best=_measured(study.best_trial),
        gain=_gain(study.best_trial.user_attrs[_ARGUMENTS], folds, present),
    )


def _gain(best: Values, folds: Folds, present: TrainingArguments) -> MetricDifference:
    others = folds.dealt_anew(seed=present.seed + 1)
    *_, theirs = others.answers(present)
    ours = theirs
    if best != _searched(present):
        *_, ours = others.answers(msgspec.structs.replace(present, **best))
    return others.gain(ours, theirs)


def _suggested(
    trial: Trial, name: str, distribution: IntDistribution | FloatDistribution, present: TrainingArguments
) -> float:
    if isinstance(distribution, IntDistribution):
        return trial.suggest_int(name, distribution.low, distribution.high)
    value = trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)
    is_present = value == getattr(present, name)
    return value if is_present else float(f"{value:.3g}")  # what a person can read in args.json


def _space_around(present: TrainingArguments) -> dict[str, IntDistribution | FloatDistribution]:
    """Widen the space where the present arguments lie outside."""
    widened = {}
    for name, distribution in _SPACE.items():
        value = getattr(present, name)
        low, high = min(distribution.low, value), max(distribution.high, value)
        is_whole = isinstance(distribution, IntDistribution)
        widened[name] = IntDistribution(low, high) if is_whole else FloatDistribution(low, high, log=distribution.log)
    return widened


def _searched(arguments: TrainingArguments) -> Values:
    return {name: getattr(arguments, name) for name in _SPACE}


def _trial_of(study: optuna.Study, arguments: TrainingArguments) -> FrozenTrial | None:
    complete = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    return next((one for one in complete if one.user_attrs[_ARGUMENTS] == _searched(arguments)), None)


def _measured(trial: FrozenTrial) -> Measured:
    *_, last = trial.user_attrs[_FOLDS]
    figures = msgspec.convert({name: last[name] for name in Figures.__struct_fields__}, Figures)
    return Measured(trial.number, trial.user_attrs[_ARGUMENTS], figures, figures.mean)

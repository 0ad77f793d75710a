"""Who answers next: put a version through the gate and move the alias, or move it back."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from models.careful.measuring import served_weights
from models.data.dataset import Split, read_split
from models.errors import DataError, ModelCorruptError, ModelError, ModelNotFoundError
from models.files import write_whole
from models.predictor import ScorerPredictor, pretrained_predictor
from models.promotion.gate import Behaviour, Check, Evidence, Floors, are_comparable, gate, was_measured_on
from models.registry import (
    REPORT_FILE,
    Store,
    alias_version,
    find_version,
    load_file,
    load_measured_weights,
    load_weights,
    point_alias,
    previous_version,
    roll_alias_back,
)
from models.retraining.comparison import Champion
from models.scorer import Scorer
from models.training.arguments import TrainingArguments
from models.training.report import Report

_TOP_K = 3  # as the worker has it


class Promotion(msgspec.Struct, frozen=True):
    """What became of a version that was to answer.

    Attributes:
        model_name: name of the registered model.
        model_alias: alias of the version that answers.
        version: the one that was to answer.
        previous_version: the one that the alias pointed at before; None for none.
        promoted: True when the alias points at `version` now.
        checks: of the gate; empty for a rollback, and for a version that answers already.
    """

    model_name: str
    model_alias: str
    version: str
    previous_version: str | None
    promoted: bool
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class PromotionTarget:
    """Where a version is to answer.

    Attributes:
        store: the model registry.
        model_alias: alias of the version that answers.
        report_file: gets the report of the version that answers, such as `config/run.json`; None for no file.
    """

    store: Store
    model_alias: str
    report_file: Path | None


def promote(
    target: PromotionTarget, wanted: str, *, data_dir: Path, behaviour: Behaviour, floors: Floors | None = None
) -> Promotion:
    """Put a version through the gate, and point the alias at it when every check is passed.

    Args:
        target: where.
        wanted: number or alias of the version.
        data_dir: folder with the labelled tweets; where they are not there, recorded metrics are compared.
        behaviour: the behavioural tests.
        floors: the least quality; None for the project's own.

    Raises:
        ModelNotFoundError: no such version, or the registry can't be reached.
        ModelError: the report can't be written.
    """
    store, alias = target.store, target.model_alias
    version = find_version(store, wanted)
    current = alias_version(store, alias)
    checks: tuple[Check, ...] = ()
    if version != current:
        checks = _checks(store, version, current, data_dir=data_dir, behaviour=behaviour, floors=floors or Floors())
    promoted = all(check.passed for check in checks)
    if promoted:
        point_alias(store, alias, version=version)
        _write_report(target, version)
    return Promotion(store.model_name, alias, version, current, promoted, checks)


def roll_back(target: PromotionTarget) -> Promotion:
    """Point the alias at the version that it pointed at before, when that version's files are whole.

    Raises:
        ModelNotFoundError: there is no earlier version, its files are gone, or the registry can't be reached.
        ModelCorruptError: its weights are not what their sha256 says.
        ModelError: the report can't be written.
    """
    store, alias = target.store, target.model_alias
    current = alias_version(store, alias)
    load_weights(store, previous_version(store, alias))
    version = roll_alias_back(store, alias)
    _write_report(target, version)
    return Promotion(store.model_name, alias, version, current, promoted=True)


def find_champion(store: Store, alias: str, *, split: Split, arguments: TrainingArguments) -> Champion:
    """Give the version that answers, as a new one can be compared with it before it is registered.

    Args:
        store: the model registry.
        alias: of the version that answers; where there is none, the pretrained model does.
        split: tweets of the files, as they will be trained on.
        arguments: of that training.

    Raises:
        ModelNotFoundError: the registry can't be reached, or lacks the version's files.
        ModelCorruptError: its weights are not what their sha256 says.
    """
    version = alias_version(store, alias)
    if version is None:
        pretrained = pretrained_predictor(_TOP_K)
        return Champion(pretrained.model.version, pretrained.scorer.weights, None)
    evidence = _evidence_of_champion(store, version)
    report, measured = (evidence.report, evidence.measured_weights) if evidence else (None, None)
    if report and measured and was_measured_on(report, split, arguments):
        return Champion(version, served_weights(measured, split), measured)
    return Champion(version, load_weights(store, version).weights, None)


def _checks(
    store: Store, version: str, current: str | None, *, data_dir: Path, behaviour: Behaviour, floors: Floors
) -> tuple[Check, ...]:
    try:
        loaded = load_weights(store, version)
        candidate = _evidence(store, version)
    except ModelCorruptError as exc:
        return (_hash_check(passed=False, seen=str(exc)),)
    champion = _evidence_of_champion(store, current)
    checks = gate(
        ScorerPredictor(Scorer(loaded.weights), loaded.model, _TOP_K),
        candidate,
        champion,
        split=_split(candidate, champion, data_dir),
        behaviour=behaviour,
        floors=floors,
    )
    return (_hash_check(passed=True, seen="weights, measured weights and report are whole"), *checks)


def _hash_check(*, passed: bool, seen: str) -> Check:
    return Check("hash", passed=passed, seen=seen, allowed="every file as its sha256 says")


def _evidence(store: Store, version: str) -> Evidence:
    content = load_file(store, version, path=REPORT_FILE)
    try:
        report = None if content is None else msgspec.json.decode(content, type=Report)
    except msgspec.DecodeError:  # of another release
        report = None
    return Evidence(version, report, load_measured_weights(store, version))


def _evidence_of_champion(store: Store, current: str | None) -> Evidence | None:
    """Give what can be compared with; a champion that is damaged must not keep a sound version from its place."""
    if current is None:
        return None
    try:
        return _evidence(store, current)
    except (ModelCorruptError, ModelNotFoundError):
        return Evidence(current, None, None)


def _split(candidate: Evidence, champion: Evidence | None, data_dir: Path) -> Split | None:
    if candidate.report is None or champion is None or champion.report is None:
        return None
    if not are_comparable(candidate.report, champion.report):
        return None
    arguments = candidate.report.arguments
    try:
        return read_split(data_dir, held_out_share=arguments.held_out_share, seed=arguments.seed)
    except DataError:
        return None


def _write_report(target: PromotionTarget, version: str) -> None:
    content = load_file(target.store, version, path=REPORT_FILE)
    if target.report_file is None or content is None:
        return
    try:
        write_whole(target.report_file, content)
    except OSError as exc:
        raise ModelError(
            f"version {version} has the alias {target.model_alias} now, but {target.report_file} can't be "
            f"written ({exc.strerror}); make it writable, then promote {version} again"
        ) from exc

# ruff: noqa: PLC0415 -- MLflow is imported by the tests that use it: it costs seconds and warns while it loads
"""Versions in a real MLflow store: promoted through the gate, refused, rolled back, and damaged on disk."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

import config
from models.errors import ModelCorruptError, ModelNotFoundError
from models.loading import RegistryStore, load_predictor
from models.predictor import PRETRAINED
from models.weights import WEIGHTS_FILE

if TYPE_CHECKING:
    from models.promotion.promote import Promotion, PromotionTarget
    from models.training.report import Report

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),  # SQLAlchemy complains of what MLflow calls
]

ALIAS = "champion"
CONTENT = (PRETRAINED / WEIGHTS_FILE).read_bytes()


@pytest.fixture(scope="module")
def registry_folder(tmp_path_factory: pytest.TempPathFactory, make_registry: Callable[[Path], str]) -> Path:
    """One store for the module; each test has a model of its own in it."""
    folder = tmp_path_factory.mktemp("registry")
    make_registry(folder)
    return folder


@pytest.fixture
def target(registry_folder: Path, tmp_path: Path) -> "PromotionTarget":
    """A model of which nothing is registered yet."""
    from models import registry
    from models.promotion.promote import PromotionTarget

    uri = f"sqlite:///{registry_folder / 'mlflow.db'}"
    store = registry.open_store(tracking_uri=uri, model_name=f"model-{tmp_path.name}")
    return PromotionTarget(store=store, model_alias=ALIAS, report_file=tmp_path / "run.json")


@pytest.fixture
def register(target: "PromotionTarget") -> Callable[..., str]:
    """Save a version as `tickertape train` does, with the pretrained weights; gives its number."""
    from models import registry
    from models.training.report import Report, encode_report

    recorded = msgspec.json.decode((Path(config.__path__[0]) / "run.json").read_bytes(), type=Report)

    def save(*, accuracy: float = 0.9, with_report: bool = True) -> str:
        run = registry.TrainingRun({}, {}, {WEIGHTS_FILE: CONTENT}, measured_weights=CONTENT)
        saved = registry.save_version(target.store, run, model_alias=registry.CHALLENGER)
        if with_report:
            report = _with_figures(recorded, version=saved.version, accuracy=accuracy)
            path = registry.REPORT_FILE
            registry.add_file(target.store, saved, path=path, content=encode_report(report))
        return saved.version

    return save


def _with_figures(report: "Report", *, version: str, accuracy: float) -> "Report":
    labels = msgspec.structs.replace(report.labels, accuracy=accuracy, macro_f1=0.8)
    sentiments = msgspec.structs.replace(report.sentiments, accuracy=0.84, macro_f1=0.78)
    return msgspec.structs.replace(report, model_version=version, labels=labels, sentiments=sentiments)


def promote(target: "PromotionTarget", wanted: str, *, problems: tuple[str, ...] = ()) -> "Promotion":
    from models.promotion import promote as parts

    return parts.promote(target, wanted, data_dir=Path("nowhere"), behaviour=lambda _: problems)


def answering(target: "PromotionTarget") -> str:
    return load_predictor(registry_store(target)).model.version


def registry_store(target: "PromotionTarget") -> RegistryStore:
    return RegistryStore(target.store.tracking_uri, target.store.model_name, ALIAS, 3)


def written_version(target: "PromotionTarget") -> str:
    assert target.report_file is not None
    return str(msgspec.json.decode(target.report_file.read_bytes())["model_version"])


def spoil(registry_folder: Path, file: str) -> None:
    """Change one byte of the newest version's file."""
    path = max((registry_folder / "mlartifacts").rglob(file), key=lambda found: found.stat().st_mtime_ns)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_challenger_that_passes_answers_and_its_report_is_written(
    target: "PromotionTarget", register: Callable[..., str]
) -> None:
    version = register()

    promotion = promote(target, "challenger")

    assert (promotion.promoted, promotion.version, promotion.previous_version) == (True, version, None)
    assert promotion.checks[0].name == "hash"
    assert answering(target) == version
    assert written_version(target) == version


def test_refused_version_changes_nothing_and_says_why(target: "PromotionTarget", register: Callable[..., str]) -> None:
    first, second = register(), register(accuracy=0.88)
    promote(target, first)

    promotion = promote(target, second, problems=("a case is wrong",))

    failed = [check.name for check in promotion.checks if not check.passed]
    assert not promotion.promoted
    assert failed == ["behaviour", "champion: labels accuracy"]
    assert answering(target) == first
    assert written_version(target) == first


def test_rollback_goes_back_step_by_step(target: "PromotionTarget", register: Callable[..., str]) -> None:
    from models.promotion.promote import roll_back

    versions = [register() for _ in range(3)]
    for version in versions:
        promote(target, version)

    back = [roll_back(target).version for _ in range(2)]

    assert back == ["2", "1"]
    assert (answering(target), written_version(target)) == ("1", "1")
    with pytest.raises(ModelNotFoundError, match="no earlier version"):
        roll_back(target)


def test_rolled_back_version_is_not_what_a_later_rollback_goes_to(
    target: "PromotionTarget", register: Callable[..., str]
) -> None:
    from models.promotion.promote import roll_back

    for version in (register(), register(), register()):
        promote(target, version)
        if version == "2":
            roll_back(target)

    assert roll_back(target).version == "1"


def test_version_that_answers_already_is_left_as_it_is(target: "PromotionTarget", register: Callable[..., str]) -> None:
    version = register()
    promote(target, version)

    again = promote(target, version)

    assert (again.promoted, again.previous_version, again.checks) == (True, version, ())


@pytest.mark.parametrize("file", ["model/weights.npz", "evaluation/weights.npz", "report.json"])
def test_changed_byte_is_refused(
    target: "PromotionTarget", register: Callable[..., str], registry_folder: Path, file: str
) -> None:
    version = register()
    spoil(registry_folder, file)

    promotion = promote(target, version)

    assert [check.name for check in promotion.checks if not check.passed] == ["hash"]
    assert "expected" in promotion.checks[0].seen


def test_rollback_to_a_damaged_version_is_refused(
    target: "PromotionTarget", register: Callable[..., str], registry_folder: Path
) -> None:
    from models.promotion.promote import roll_back

    promote(target, register())
    spoil(registry_folder, "model/weights.npz")
    promote(target, register())

    with pytest.raises(ModelCorruptError, match="expected"):
        roll_back(target)
    assert answering(target) == "2"


def test_damaged_champion_does_not_keep_its_place(
    target: "PromotionTarget", register: Callable[..., str], registry_folder: Path
) -> None:
    promote(target, register())
    spoil(registry_folder, "report.json")

    assert promote(target, register()).promoted


def test_version_without_a_report_is_refused(target: "PromotionTarget", register: Callable[..., str]) -> None:
    old = register(with_report=False)

    refused = promote(target, old)

    assert [check.name for check in refused.checks if not check.passed] == ["quality"]


def test_unknown_version_is_told_what_there_is(target: "PromotionTarget", register: Callable[..., str]) -> None:
    register()

    with pytest.raises(ModelNotFoundError, match=r"'7': there are versions 1 and the aliases challenger"):
        promote(target, "7")


def test_version_is_found_by_its_number_and_by_an_alias(
    target: "PromotionTarget", register: Callable[..., str]
) -> None:
    version, store = register(), registry_store(target)

    assert [store.named(name).model.version for name in ("challenger", version)] == [version, version]


def test_command_refuses_a_weak_version_with_exit_code_1(
    target: "PromotionTarget",
    register: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from tickertape import main

    register(accuracy=0.5)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", target.store.tracking_uri)
    monkeypatch.setenv("MLFLOW_MODEL_NAME", target.store.model_name)

    code = main(["promote", "1"])

    assert code == 1
    assert "refused: version 1 fails floor: labels accuracy; champion stays unset" in capsys.readouterr().out

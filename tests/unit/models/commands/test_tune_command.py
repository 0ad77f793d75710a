import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from models.commands.training_options import training_arguments
from models.commands.tune import reason_to_leave, write_best
from models.data.dataset import read_split
from models.errors import ModelError
from models.training.arguments import TrainingArguments

if TYPE_CHECKING:
    from models.tuning.search import Findings

PRESENT = training_arguments(seed=None)
CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]


def findings(*, value: float = 0.01, low: float = 0.005, best_trial: int = 3) -> "Findings":
    """A study whose best trial needs four tweets of a feature."""
    from models.evaluation.differences import MetricDifference  # noqa: PLC0415  # imports scikit-learn
    from models.tuning.folds import Figures  # noqa: PLC0415  # as above
    from models.tuning.search import Findings, Measured  # noqa: PLC0415  # as above

    present, best = (
        Measured(trial, {"min_tweets_per_feature": tweets}, Figures(mean, mean, mean, mean), mean)
        for trial, tweets, mean in ((0, 2, 0.8), (best_trial, 4, 0.8 + value))
    )
    gain = MetricDifference("mean of the figures", value, low, 2 * value)
    return Findings("tune-1", {"complete": 4}, present, best if best_trial else present, gain)


@pytest.fixture
def arguments_file(tmp_path: Path) -> Path:
    path = tmp_path / "args.json"
    path.write_bytes(msgspec.json.encode(TrainingArguments(seed=5, hard_share=0.25)))
    return path


@pytest.mark.training
def test_better_arguments_are_written_and_the_others_keep_their_values(arguments_file: Path) -> None:
    found = findings()

    assert reason_to_leave(found, arguments_file) is None
    write_best(found, arguments_file)

    written = msgspec.json.decode(arguments_file.read_bytes(), type=TrainingArguments)
    assert written == TrainingArguments(seed=5, hard_share=0.25, min_tweets_per_feature=4)
    assert arguments_file.read_text().startswith('{\n  "seed": 5,\n')


@pytest.mark.training
@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"best_trial": 0}, "the present arguments are the best so far"),
        ({"value": 0.0009, "low": 0.0001}, "the gain is too small, or may be chance"),
        ({"value": 0.01, "low": 0.0}, "the gain is too small, or may be chance"),
    ],
)
def test_file_is_left_alone_without_a_gain_that_counts(
    arguments_file: Path, found: dict[str, float], reason: str
) -> None:
    assert reason_to_leave(findings(**found), arguments_file) == reason


@pytest.mark.training
def test_without_a_checkout_nothing_is_written(tmp_path: Path) -> None:
    assert reason_to_leave(findings(), tmp_path / "args.json") == "there is no such file here"


@pytest.mark.training
def test_file_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere/args.json can't be written \(No such file or directory\)"):
        write_best(findings(), tmp_path / "nowhere" / "args.json")


def test_missing_data_is_one_line_that_says_what_to_do(tickertape: CommandLine) -> None:
    done = tickertape("tune", "--data-dir", "nowhere")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "nowhere/topic_train.csv" in done.stderr
    assert "tickertape fetch-data" in done.stderr


def test_no_trial_is_wrong_use(tickertape: CommandLine) -> None:
    done = tickertape("tune", "--trials", "0")

    assert done.returncode == 2
    assert "--trials: 0 is not 1 or more" in done.stderr


def test_help_needs_no_training_library(tickertape: CommandLine) -> None:
    done = tickertape(
        "tune", "--help", before="sys.modules.update(optuna=None, sklearn=None, mlflow=None, great_expectations=None); "
    )

    assert done.returncode == 0
    assert "--minutes M" in done.stdout


@pytest.mark.slow
def test_without_optuna_it_says_how_to_get_it(tickertape: CommandLine, labelled_folder: Path) -> None:
    done = tickertape("tune", "--data-dir", str(labelled_folder), before="sys.modules['optuna'] = None; ")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "tickertape tune: the search needs optuna, which is not installed here; run `make venv`"
    )


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow")  # SQLAlchemy complains of what MLflow calls
def test_next_call_goes_on_in_the_study_and_below_the_same_run_of_mlflow(
    tickertape: CommandLine, labelled_folder: Path, tmp_path: Path
) -> None:
    from models.registry import open_store  # noqa: PLC0415  # imports MLflow
    from models.tuning.tune import tune  # noqa: PLC0415  # as above

    def interrupt(step: str, *_: int) -> None:
        if step.startswith("trial 3"):
            raise KeyboardInterrupt

    done = tickertape("tune", "--data-dir", str(labelled_folder), "--trials", "1", "--no-write", "--json")
    store = open_store(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}", model_name="tickertape")
    split = read_split(labelled_folder, held_out_share=PRESENT.held_out_share, seed=PRESENT.seed)
    again = tune(split, PRESENT, home=tmp_path, store=store, trial_count=9, seconds=None, progress=interrupt)

    printed = json.loads(done.stdout)
    assert (done.returncode, printed["is_written"]) == (0, False)
    assert printed["findings"]["trials"] == {"complete": 1, "pruned": 0, "failed": 0}
    assert again.trials == {"complete": 3, "pruned": 0, "failed": 1}
    assert msgspec.to_builtins(again.present) == printed["findings"]["present"]
    experiment = store.client.get_experiment_by_name("tickertape")
    *trials, search = store.client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"])
    assert [run.data.tags["mlflow.parentRunId"] for run in trials] == [search.info.run_id] * 3
    assert [run.info.run_name for run in trials] == ["trial 2", "trial 1", "trial 0"]
    assert {run.data.tags["state"] for run in trials} == {"complete"}
    assert {run.info.status for run in (*trials, search)} == {"FINISHED"}
    history = store.client.get_metric_history(trials[-1].info.run_id, "mean")
    assert [metric.step for metric in history] == [0, 1, 2, 3, 4]
    assert history[-1].value == again.present.mean
    assert trials[-1].data.params["label_inverse_regularisation"] == "1.0"

"""The labelled tweets that training reads hold what training expects, and spoiled copies are found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import ProjectSettings
from monitoring.data_tests.limits import Kind

pytestmark = [
    pytest.mark.data,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:great_expectations"),  # its own imports are behind Python's
]

OWN = Path(__file__).parent / "labelled"
KINDS = {"topic": Kind.TOPIC, "sent": Kind.SENTIMENT}


def failures(path: Path, kind: Kind) -> list[str]:
    from monitoring.expectations.labelled import validate  # noqa: PLC0415  # its import warns, which only a test may ignore

    return [f"{outcome.expectation}: {outcome.seen}" for outcome in validate(path, kind) if not outcome.success]


@pytest.mark.parametrize("name", ["topic_train.csv", "sent_train.csv"])
def test_own_labelled_set_holds_what_training_expects(name: str) -> None:
    assert failures(OWN / name, KINDS[name.split("_", maxsplit=1)[0]]) == []


@pytest.mark.parametrize("name", ["topic_train.csv", "topic_valid.csv", "sent_train.csv", "sent_valid.csv"])
def test_labelled_tweets_of_the_data_folder_hold_what_training_expects(name: str) -> None:
    path = ProjectSettings().data_dir / name
    if not path.exists():
        pytest.skip(f"{path} is not there: set TICKERTAPE_DATA_DIR, or run `tickertape fetch-data`")

    assert failures(path, KINDS[name.split("_", maxsplit=1)[0]]) == []


def without_label_column(lines: list[str]) -> list[str]:
    return [line.rpartition(",")[0] for line in lines]


def with_unknown_label(lines: list[str]) -> list[str]:
    return [*lines, "A headline of no class,99"]


def with_null_text(lines: list[str]) -> list[str]:
    return [*lines, ",0"]


def with_flood_of_duplicates(lines: list[str]) -> list[str]:
    return [*lines, *[f"One headline again https://t.co/{number},0" for number in range(len(lines) // 2)]]


def without_class_0(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.endswith(",0")]


@pytest.mark.parametrize("name", ["topic_train.csv", "sent_train.csv"])
@pytest.mark.parametrize(
    ("spoil", "finding"),
    [
        (without_label_column, "the column label is missing"),
        (with_unknown_label, "each label is one of"),
        (with_null_text, "no text is missing"),
        (with_flood_of_duplicates, "of the texts repeat another"),
        (without_class_0, " has at least "),
    ],
)
def test_spoiled_copy_is_found(
    tmp_path: Path, name: str, spoil: Callable[[list[str]], list[str]], finding: str
) -> None:
    spoiled = tmp_path / name
    spoiled.write_text("\n".join(spoil((OWN / name).read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")

    found = failures(spoiled, KINDS[name.split("_", maxsplit=1)[0]])

    assert any(finding in failure for failure in found), found

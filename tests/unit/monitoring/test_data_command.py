"""`tickertape data`: from a project to pages, action by action."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:great_expectations"),  # its own imports are behind Python's
]

GOOD = "text,label\n" + "".join(f"Tweet of word{'x' * row},{row % 3}\n" for row in range(40))
HEADLINE = "Secret headline"
Data = Callable[..., int]
Failures = Callable[[str], dict[str, list[int]]]


def test_init_writes_the_suites_and_a_checkpoint_for_each_known_file(
    data: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sent_train.csv").write_text(GOOD)

    codes = [data("init", "--data-dir", tmp_path), data("init", "--data-dir", tmp_path), data("run", "sent_train")]

    assert codes == [0, 0, 0]
    assert "checkpoints: sent_train\n" in capsys.readouterr().out
    suites = sorted(path.stem for path in (tmp_path / "gx" / "expectations").glob("*.json"))
    assert suites == ["classified", "labelled-sentiment", "labelled-topic", "raw", "tags"]


def test_project_is_made_with_usage_statistics_switched_off(project: Path) -> None:
    settings = (project / "great_expectations.yml").read_text()

    assert "analytics_enabled: false" in settings


def test_pages_hold_results_and_neither_texts_nor_addresses_of_other_servers(
    checked: Callable[..., int], data: Data, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked("tweets.csv", (GOOD + f"{HEADLINE},Secret label\n").encode(), "labelled-sentiment") == 1

    code = data("docs")

    assert code == 0
    assert HEADLINE not in capsys.readouterr().out
    pages = [page.read_text() for page in (project / "uncommitted").rglob("*.html")]
    assert any("each label is one of 0 to 2" in page for page in pages)
    written = [path.read_text() for path in project.rglob("*") if path.suffix in {".html", ".json"}]
    assert not any("Secret" in text for text in written)
    loaded = re.compile(r"""(?:src=|<link[^>]*href=|url\()["']?https?:""")
    assert not any(loaded.search(page) for page in pages)
    first = (project / "uncommitted" / "data_docs" / "index.html").read_text()
    assert re.search(r">it against labelled-sentiment</a></td><td>FAIL<", first)
    links = re.findall(r'href="([^"]+)"', first)
    assert links
    assert [link for link in links if not (project / "uncommitted" / "data_docs" / link).exists()] == []


def test_suite_by_hand_is_a_file_to_edit(
    data: Data, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], failures: Failures
) -> None:
    assert data("suite", "mine", "--by-hand") == 0
    file = project / "expectations" / "mine.json"
    suite = json.loads(file.read_text())
    for kind, more in (
        ("values_to_be_unique", {}),
        ("values_to_not_be_null", {}),
        ("values_to_match_regex", {"regex": "["}),
        ("distinct_values_to_be_in_set", {"value_set": ["other"]}),
    ):
        suite["expectations"].append({"type": f"expect_column_{kind}", "kwargs": {"column": "text", **more}})
    file.write_text(json.dumps(suite))
    (tmp_path / "tweets.csv").write_text("text\nsame\nsame\n")
    data("source", "tweets", tmp_path / "tweets.csv")
    data("checkpoint", "mine", "--source", "tweets", "--suite", "mine")
    capsys.readouterr()

    code = data("run", "--json")

    assert code == 1
    printed = capsys.readouterr().out
    assert failures(printed) == {
        "expect_column_values_to_be_unique column=text": [1, 2],
        "expect_column_values_to_match_regex column=text": [],
        "expect_column_distinct_values_to_be_in_set column=text": [],
    }
    assert "same" not in printed


def test_suite_from_a_profile_holds_for_its_data_and_not_for_others(
    data: Data, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], failures: Failures
) -> None:
    file = tmp_path / "tweets.csv"
    file.write_text(GOOD)
    data("source", "tweets", file)

    assert data("suite", "mine", "--profile", "tweets") == 0
    data("checkpoint", "mine", "--source", "tweets", "--suite", "mine")
    before = data("run", "mine")
    file.write_text(GOOD + f"{'x' * 99},7\n")
    capsys.readouterr()
    after = data("run", "mine", "--json")

    assert (before, after) == (0, 1)
    assert list(failures(capsys.readouterr().out).values()) == [[41], [41]]
    kinds = [
        entry["type"] for entry in json.loads((project / "expectations" / "mine.json").read_text())["expectations"]
    ]
    assert kinds == [
        "expect_table_columns_to_match_ordered_list",
        "expect_table_row_count_to_be_between",
        "expect_column_values_to_not_be_null",
        "expect_column_value_lengths_to_be_between",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_in_set",
    ]


def test_interactive_suite_asks_again_until_an_answer_fits(
    data: Data, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tweets.csv").write_text(GOOD)
    data("source", "tweets", tmp_path / "tweets.csv")
    wrong_column, wrong_length, wrong_pattern = "9\n1\n", "3\nfew\n280\n", "6\n[\n"
    monkeypatch.setattr(
        "sys.stdin", io.StringIO(f"{wrong_column}{wrong_length}{wrong_pattern}3\n1\n280\n2\n5\n0, 1,2\n\n")
    )

    code = data("suite", "mine", "--interactive", "tweets")

    assert code == 0
    expectations = json.loads((project / "expectations" / "mine.json").read_text())["expectations"]
    assert [(entry["type"], entry["kwargs"]) for entry in expectations] == [
        ("expect_column_value_lengths_to_be_between", {"column": "text", "min_value": 1, "max_value": 280}),
        ("expect_column_values_to_be_in_set", {"column": "label", "value_set": ["0", "1", "2"]}),
    ]

"""`tickertape data`: from a project to pages, action by action, and what each says of wrong use."""

import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from models.records import ClassifiedTweet
from models.taxonomy import LABELS, OTHER, SENTIMENTS, Answer, Label
from tickertape import main

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:great_expectations"),  # its own imports are behind Python's
]

GOOD = "text,label\n" + "".join(f"Tweet of word{'x' * row},{row % 3}\n" for row in range(40))
HEADLINE = "Secret headline"
Data = Callable[..., int]


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Run an action on the project in the test's own folder."""
    return lambda action, *words: main(["data", action, "--project", str(tmp_path), *map(str, words)])


@pytest.fixture
def project(data: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project with its own suites alone."""
    assert data("init", "--data-dir", tmp_path / "nowhere") == 0
    capsys.readouterr()
    return tmp_path / "gx"


@pytest.fixture
def checked(data: Data, tmp_path: Path, project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., int]:
    """Write a file, add it with a checkpoint, and run that."""
    del project

    def run(name: str, content: bytes, suite: str) -> int:
        (tmp_path / name).write_bytes(content)
        assert data("source", "it", tmp_path / name) == 0
        assert data("checkpoint", "it", "--source", "it", "--suite", suite) == 0
        capsys.readouterr()
        return data("run", "it", "--json")

    return run


def failures(printed: str) -> dict[str, list[int]]:
    outcomes = json.loads(printed)["outcomes"]
    return {outcome["expectation"]: outcome["rows"] for outcome in outcomes if not outcome["success"]}


def tags() -> pd.DataFrame:
    return pd.DataFrame({"tag": range(len(LABELS)), "name": [str(label) for label in LABELS]})


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def raw(**overrides: object) -> bytes:
    tweet = {"id": "1", "text": "$AAPL beats", "created_at": "2026-01-02T03:04:05.000Z", "lang": "en"}
    return msgspec.json.encode({"data": {**tweet, **overrides}}) + b"\n"


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


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tags.csv", tags().to_csv(index=False).encode()),
        ("tags.csv.gz", gzip.compress(tags().to_csv(index=False).encode())),
        ("tags.tsv", tags().to_csv(index=False, sep="\t").encode()),
        ("tags.parquet", parquet(tags())),
        ("tags [1].csv", tags().to_csv(index=False).encode()),
    ],
)
def test_table_of_tags_passes_in_each_format(checked: Callable[..., int], name: str, content: bytes) -> None:
    assert checked(name, content, "tags") == 0


def test_swapped_tags_are_found(checked: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    swapped = tags().assign(tag=[1, 0, *range(2, len(LABELS))])

    code = checked("tags.csv", swapped.to_csv(index=False).encode(), "tags")

    assert code == 1
    assert failures(capsys.readouterr().out) == {"each tag has its own name": [1, 2]}


@pytest.mark.parametrize(
    ("line", "expectation"),
    [
        (raw(id="12a"), "each id is 1 to 19 digits"),
        (raw(id="1\n"), "each id is 1 to 19 digits"),
        (raw(id=7), "each id is a string"),
        (raw(id=None), "no id is missing"),
        (raw(text=None), "no text is missing"),
        (raw(text=" "), "each text has more than spaces"),
        (raw(text="x" * 25_001), "each text has 1 to 25,000 characters"),
        (raw(created_at="yesterday"), "each created_at is ISO 8601 with a zone"),
        (b"no JSON\n", "no text is missing"),
    ],
)
def test_raw_tweet_that_is_none_is_named_by_its_line(
    checked: Callable[..., int], capsys: pytest.CaptureFixture[str], line: bytes, expectation: str
) -> None:
    good = b"".join(raw(text=f"tweet {number}") for number in "abcd")

    code = checked("feed.jsonl", good + b"\n" + line, "raw")

    assert code == 1
    assert failures(capsys.readouterr().out)[expectation] == [6]


def test_feed_of_repeats_in_another_language_fails(
    checked: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    repeats = b"".join(raw(text=f"Up https://x.example/{number}", lang="de") for number in range(3))

    code = checked("feed.jsonl.gz", gzip.compress(raw() + repeats), "raw")

    assert code == 1
    assert failures(capsys.readouterr().out) == {
        "at most 25% of the texts repeat another": [3, 4],
        "at least 75% of the tweets are English": [2, 3, 4],
    }


def test_classified_tweets_pass_and_what_is_none_is_found(
    checked: Callable[..., int],
    make_classified: Callable[..., ClassifiedTweet],
    capsys: pytest.CaptureFixture[str],
) -> None:
    tweets = [
        make_classified(text=f"tweet {chr(97 + row)}", label=LABELS[row % 2], sentiment=SENTIMENTS[row % 2])
        for row in range(8)
    ]
    lines = [msgspec.to_builtins(tweet) for tweet in tweets]
    lines.append({**lines[0], "text": "other", "label": "Sports", "label_score": 1.5})

    code = checked("classified.jsonl", b"\n".join(map(msgspec.json.encode, lines)), "classified")

    assert code == 1
    assert failures(capsys.readouterr().out) == {
        "each label is one of the 20, or other": [9],
        "each label_score is 0 to 1": [9],
    }


def test_tweets_whose_label_is_withheld_pass(
    checked: Callable[..., int], make_classified: Callable[..., ClassifiedTweet]
) -> None:
    answers = (OTHER, OTHER, Label.MACRO, Label.EARNINGS)
    tweets = [
        make_classified(text=f"tweet {chr(97 + row)}", label=label, sentiment=SENTIMENTS[row % 2])
        for row, label in enumerate(answers)
    ]

    assert checked("classified.jsonl", b"\n".join(map(msgspec.json.encode, tweets)), "classified") == 0


@pytest.mark.parametrize("label", [Label.MACRO, OTHER])
def test_label_that_takes_over_the_output_is_found(
    checked: Callable[..., int],
    make_classified: Callable[..., ClassifiedTweet],
    capsys: pytest.CaptureFixture[str],
    label: Answer,
) -> None:
    tweets = [
        make_classified(text=f"tweet {chr(97 + row)}", label=label, sentiment=SENTIMENTS[row % 2]) for row in range(8)
    ]

    code = checked("classified.jsonl", b"\n".join(map(msgspec.json.encode, tweets)), "classified")

    assert code == 1
    assert failures(capsys.readouterr().out) == {f"{label} is at most 90% of the labels": []}


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
    assert all((project / "uncommitted" / "data_docs" / link).exists() for link in re.findall(r'href="([^"]+)"', first))


def test_suite_by_hand_is_a_file_to_edit(
    data: Data, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
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
    data: Data, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run",), "there is no checkpoint: add one with"),
        (("run", "it"), "has no checkpoint it; it has none"),
        (("checkpoint", "it", "--source", "it", "--suite", "raw"), "has no source it; it has none"),
        (("suite", "raw", "--by-hand"), "has a suite raw already: choose another name"),
        (("suite", "mine", "--profile", "it"), "has no source it; it has none"),
        (("source", "it", "nowhere.csv"), "nowhere.csv is not there"),
        (("source", "it", __file__), "has the ending .py: give a file that ends in .csv"),
    ],
)
def test_wrong_name_is_one_line_that_says_what_there_is(
    data: Data, project: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    del project

    code = data(*words)

    error = capsys.readouterr().err
    assert code == 1
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("it.csv", b"", "is empty"),
        ("it.csv", b"text\n\xff\n", "is not UTF-8: byte 0xff"),
        ("it.csv.gz", b"text\n", "is no whole gzip file"),
        ("it.jsonl.gz", b"{}\n", "is no whole gzip file"),
        ("it.parquet", b"text\n", "is no whole parquet file"),
    ],
)
def test_file_that_is_spoiled_later_is_one_line(
    checked: Callable[..., int],
    data: Data,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    message: str,
) -> None:
    good = {"it.csv": b"text\nup\n", "it.csv.gz": gzip.compress(b"text\nup\n"), "it.jsonl.gz": gzip.compress(b"{}\n")}
    checked(name, good.get(name, parquet(tags())), "tags")
    (tmp_path / name).write_bytes(content)
    capsys.readouterr()

    code = data("run", "it")

    error = capsys.readouterr().err
    assert code == 1
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "content",
    [
        '{"name": "tags", "expectations": [',
        "[]",
        '{"name": "tags", "expectations": [{"type": "expect_column_values_to_be_unique"}]}',
        '{"name": "tags", "expectations": [{"type": "expect_nothing", "kwargs": {}}]}',
    ],
)
@pytest.mark.parametrize(
    "words", [("run", "it"), ("docs",), ("checkpoint", "new", "--source", "it", "--suite", "tags")]
)
def test_edited_suite_that_can_not_be_used_is_one_line(
    checked: Callable[..., int],
    data: Data,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    words: tuple[str, ...],
) -> None:
    checked("tags.csv", tags().to_csv(index=False).encode(), "tags")
    (project / "expectations" / "tags.json").write_text(content)
    capsys.readouterr()

    code = data(*words)

    error = capsys.readouterr().err
    assert code == 1
    assert "correct" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", ["{", "a: b", "nothing", ""])
def test_settings_that_can_not_be_read_are_one_line(
    data: Data, project: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (project / "great_expectations.yml").write_text(content)

    code = data("run")

    error = capsys.readouterr().err
    assert code == 1
    assert "great_expectations.yml can't be read: correct it, or delete" in error
    assert error.count("\n") == 1


def test_without_a_project_it_says_how_to_make_one(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    code = data("run")

    assert code == 1
    assert "make it with `tickertape data init`" in capsys.readouterr().err


def test_name_that_would_leave_the_folder_is_wrong_use(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        data("suite", "../mine", "--by-hand")

    assert ended.value.code == 2
    assert "'../mine' is not 1 to 60 letters" in capsys.readouterr().err

"""What the project's own suites accept of data, and what they find in it."""

import gzip
from collections.abc import Callable

import msgspec
import pandas as pd
import pytest

from models.records import ClassifiedTweet
from models.taxonomy import LABELS, OTHER, SENTIMENTS, Answer, Label

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:great_expectations"),  # its own imports are behind Python's
]

Failures = Callable[[str], dict[str, list[int]]]


def tags() -> pd.DataFrame:
    return pd.DataFrame({"tag": range(len(LABELS)), "name": [str(label) for label in LABELS]})


def raw(**overrides: object) -> bytes:
    tweet = {"id": "1", "text": "$AAPL beats", "created_at": "2026-01-02T03:04:05.000Z", "lang": "en"}
    return msgspec.json.encode({"data": {**tweet, **overrides}}) + b"\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tags.csv", tags().to_csv(index=False).encode()),
        ("tags.csv.gz", gzip.compress(tags().to_csv(index=False).encode())),
        ("tags.tsv", tags().to_csv(index=False, sep="\t").encode()),
        ("tags.parquet", tags().to_parquet()),
        ("tags [1].csv", tags().to_csv(index=False).encode()),
    ],
)
def test_table_of_tags_passes_in_each_format(checked: Callable[..., int], name: str, content: bytes) -> None:
    assert checked(name, content, "tags") == 0


def test_swapped_tags_are_found(
    checked: Callable[..., int], capsys: pytest.CaptureFixture[str], failures: Failures
) -> None:
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
    checked: Callable[..., int], capsys: pytest.CaptureFixture[str], failures: Failures, line: bytes, expectation: str
) -> None:
    good = b"".join(raw(text=f"tweet {number}") for number in "abcd")

    code = checked("feed.jsonl", good + b"\n" + line, "raw")

    assert code == 1
    assert failures(capsys.readouterr().out)[expectation] == [6]


def test_feed_of_repeats_in_another_language_fails(
    checked: Callable[..., int], capsys: pytest.CaptureFixture[str], failures: Failures
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
    failures: Failures,
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
    failures: Failures,
    label: Answer,
) -> None:
    tweets = [
        make_classified(text=f"tweet {chr(97 + row)}", label=label, sentiment=SENTIMENTS[row % 2]) for row in range(8)
    ]

    code = checked("classified.jsonl", b"\n".join(map(msgspec.json.encode, tweets)), "classified")

    assert code == 1
    assert failures(capsys.readouterr().out) == {f"{label} is at most 90% of the labels": []}

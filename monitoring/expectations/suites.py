"""What is expected of raw tweets, labelled tweets, tags and classified output, built from the taxonomy."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import great_expectations.expectations as gxe
from great_expectations.core import ExpectationSuite
from great_expectations.expectations.expectation import Expectation

from models.records import ClassifiedTweet
from models.taxonomy import ANSWERS, LABELS, OTHER, SENTIMENTS
from models.tweets import CREATED_AT, ID, MAX_TEXT_CHARACTERS
from monitoring.data_tests.limits import ENGLISH_SHARE, LARGEST_CLASS_SHARE, LIMITS, STREAM_DUPLICATE_SHARE, Kind
from monitoring.expectations.link_free import ExpectColumnValuesToBeNewWithoutLinks

Sentences = Mapping[str, Expectation]


def labelled_suite(kind: Kind) -> ExpectationSuite:
    """Build what training expects of a file of labelled tweets."""
    limits = LIMITS[kind]
    last = len(limits.classes) - 1
    return _suite(
        f"labelled-{kind}",
        {
            "the columns are text,label": gxe.ExpectTableColumnsToMatchOrderedList(column_list=["text", "label"]),
            **_texts(duplicate_share=limits.duplicate_share),
            "no label is missing": gxe.ExpectColumnValuesToNotBeNull(column="label"),
            f"each label is one of 0 to {last}": gxe.ExpectColumnValuesToBeInSet(
                column="label", value_set=[form for number in range(last + 1) for form in _forms(number)]
            ),
            **{
                f"{name} has at least {limits.class_share:.1%} of the rows": gxe.ExpectColumnValuesToBeInSet(
                    column="label", value_set=_forms(number), mostly=limits.class_share
                )
                for number, name in enumerate(limits.classes)
            },
        },
    )


def tags_suite() -> ExpectationSuite:
    """Build what is expected of the table that gives each label id its name."""
    pairs = [(form, str(name)) for number, name in enumerate(LABELS) for form in _forms(number)]
    return _suite(
        "tags",
        {
            "the columns are tag,name": gxe.ExpectTableColumnsToMatchOrderedList(column_list=["tag", "name"]),
            f"there are {len(LABELS)} rows": gxe.ExpectTableRowCountToEqual(value=len(LABELS)),
            "no tag is missing": gxe.ExpectColumnValuesToNotBeNull(column="tag"),
            "no name is missing": gxe.ExpectColumnValuesToNotBeNull(column="name"),
            "no tag stands twice": gxe.ExpectColumnValuesToBeUnique(column="tag"),
            "each tag has its own name": gxe.ExpectColumnPairValuesToBeInSet(
                column_A="tag", column_B="name", value_pairs_set=pairs
            ),
        },
    )


def raw_suite() -> ExpectationSuite:
    """Build what is expected of tweets as they come from X; repeats are normal there, a flood of them is not."""
    return _suite(
        "raw",
        {
            "there are id, text, created_at and lang": gxe.ExpectTableColumnsToMatchSet(
                column_set=["id", "text", "created_at", "lang"], exact_match=False
            ),
            **_texts(duplicate_share=STREAM_DUPLICATE_SHARE),
            "no id is missing": gxe.ExpectColumnValuesToNotBeNull(column="id"),
            **_id_and_time(),
            f"at least {ENGLISH_SHARE:.0%} of the tweets are English": gxe.ExpectColumnValuesToBeInSet(
                column="lang", value_set=["en"], mostly=ENGLISH_SHARE
            ),
        },
    )


def classified_suite() -> ExpectationSuite:
    """Build what is expected of the records of `tweets.classified`."""
    never_missing = [
        "label",
        "label_score",
        "sentiment",
        "sentiment_score",
        "answered_by",
        "sentiment_answered_by",
        "model",
        "classified_at",
    ]
    return _suite(
        "classified",
        {
            "the columns are those of tweets.classified": gxe.ExpectTableColumnsToMatchOrderedList(
                column_list=list(ClassifiedTweet.__struct_fields__)
            ),
            **_texts(duplicate_share=STREAM_DUPLICATE_SHARE),
            **_id_and_time(),
            **{f"no {name} is missing": gxe.ExpectColumnValuesToNotBeNull(column=name) for name in never_missing},
            f"each label is one of the {len(LABELS)}, or {OTHER}": _one_of("label", ANSWERS),
            f"each sentiment is one of the {len(SENTIMENTS)}": _one_of("sentiment", SENTIMENTS),
            "each label_score is 0 to 1": gxe.ExpectColumnValuesToBeBetween(
                column="label_score", min_value=0, max_value=1
            ),
            "each sentiment_score is -1 to 1": gxe.ExpectColumnValuesToBeBetween(
                column="sentiment_score", min_value=-1, max_value=1
            ),
            **_no_class_takes_over("label", ANSWERS),
            **_no_class_takes_over("sentiment", SENTIMENTS),
        },
    )


SUITES: Mapping[str, Callable[[], ExpectationSuite]] = {
    "raw": raw_suite,
    "labelled-topic": partial(labelled_suite, Kind.TOPIC),
    "labelled-sentiment": partial(labelled_suite, Kind.SENTIMENT),
    "tags": tags_suite,
    "classified": classified_suite,
}


def _texts(*, duplicate_share: float) -> Sentences:
    return {
        "there are rows": gxe.ExpectTableRowCountToBeBetween(min_value=1),
        "no text is missing": gxe.ExpectColumnValuesToNotBeNull(column="text"),
        "each text is a string": gxe.ExpectColumnValuesToBeOfType(column="text", type_="str"),
        "each text has more than spaces": gxe.ExpectColumnValuesToMatchRegex(column="text", regex=r"\S"),
        f"each text has 1 to {MAX_TEXT_CHARACTERS:,} characters": gxe.ExpectColumnValueLengthsToBeBetween(
            column="text", min_value=1, max_value=MAX_TEXT_CHARACTERS
        ),
        f"at most {duplicate_share:.0%} of the texts repeat another": ExpectColumnValuesToBeNewWithoutLinks(
            column="text", mostly=1 - duplicate_share
        ),
    }


def _id_and_time() -> Sentences:
    return {
        "each id is a string": gxe.ExpectColumnValuesToBeOfType(column="id", type_="str"),
        "each id is 1 to 19 digits": gxe.ExpectColumnValuesToMatchRegex(column="id", regex=_whole(ID.pattern)),
        "each created_at is ISO 8601 with a zone": gxe.ExpectColumnValuesToMatchRegex(
            column="created_at", regex=_whole(CREATED_AT.pattern)
        ),
    }


def _forms(number: int) -> list[str | int]:
    return [str(number), number]  # csv files are read as text, parquet files have types


def _whole(pattern: str) -> str:
    return rf"(?a)\A(?:{pattern})\Z"


def _one_of(column: str, names: Sequence[str]) -> Expectation:
    return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[str(name) for name in names])


def _no_class_takes_over(column: str, names: Sequence[str]) -> Sentences:
    return {
        f"{name} is at most {LARGEST_CLASS_SHARE:.0%} of the {column}s": gxe.ExpectColumnValuesToNotBeInSet(
            column=column, value_set=[str(name)], mostly=1 - LARGEST_CLASS_SHARE
        )
        for name in names
    }


def _suite(name: str, sentences: Sentences) -> ExpectationSuite:
    for sentence, expectation in sentences.items():
        expectation.description = sentence
    return ExpectationSuite(name=name, expectations=list(sentences.values()))

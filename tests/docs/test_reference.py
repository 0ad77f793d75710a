"""The reference pages name what the code has, no less and no more, and links between pages lead somewhere."""

import argparse
import importlib
import inspect
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from pydantic import SecretStr

import api.request_errors
import config.access
import config.api
import config.client
import config.drift
import config.kafka
import config.settings
import config.tracing
import models.errors
import monitoring.__main__
import tickertape
from api.errors import STATUS_OF
from config.commands import DONE, FAILED, WRONG_USE, Command
from config.group import SettingsGroup
from models.contest_records import ContestEvent
from models.errors import TickertapeError
from models.feedback import Feedback, FeedbackReason, LabelledTweet, ToLabel
from models.records import ClassifiedTweet, ModelChange, TweetSentiment
from models.tweets import MAX_TEXT_CHARACTERS, Reason
from monitoring import metrics
from monitoring.drift.records import Cause, DriftEvent, Span
from stream.dead_letters import DeadLetter
from stream.drift.event_log import EVENT_TYPE as DRIFT_TYPE
from stream.headers import CLASSIFIED_TYPE, DEAD_LETTER_TYPE, SENTIMENT_TYPE, TO_LABEL_TYPE
from stream.learning.archive import OFFSET_HEADER
from stream.learning.writing import EVENT_TYPE, REPORT_TYPE, SNAPSHOT_TYPE
from stream.worker.model_changes import CHANGE_TYPE

DOCS = Path(tickertape.__file__).parents[1] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
GROUPS = [
    group
    for module in (
        config.settings,
        config.access,
        config.api,
        config.client,
        config.drift,
        config.kafka,
        config.tracing,
    )
    for _, group in inspect.getmembers(module, inspect.isclass)
    if issubclass(group, SettingsGroup) and group is not SettingsGroup
]
COMMANDS: dict[str, Command] = {
    **{f"tickertape {verb}": command for verb, command in tickertape.COMMANDS.items()},
    **{
        f"python -m monitoring {verb}": command
        for verb, command in monitoring.__main__.COMMANDS.items()
        if verb not in tickertape.COMMANDS
    },
}
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def reference(name: str) -> str:
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """The text under a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#+ |\Z)", page, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def shown(default: object) -> str:
    """The cell of a default value in the table of settings."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default is None:
        return "*unset*"
    if default == "":
        return "*empty*"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`".replace(str(Path.home()), "~")


def setting_rows() -> list[str]:
    """The beginning of each setting's row: its variable and its default."""
    return [
        f"| `{field.validation_alias or group.model_config['env_prefix'] + name.upper()}` | {shown(field.get_default())} |"
        for group in GROUPS
        for name, field in group.model_fields.items()
    ]


def options_of(parser: argparse.ArgumentParser) -> list[str]:
    """The options of a command and of its actions, but for help."""
    options = []
    for action in parser._actions:  # argparse tells no other way
        options += [option for option in action.option_strings if option not in {"-h", "--help"}]
        if isinstance(action, argparse._SubParsersAction):
            options += [option for inner in action.choices.values() for option in options_of(inner)]
    return options


def missing(expected: list[str], page: str) -> list[str]:
    return [text for text in expected if text not in page]


def broken_links(path: Path, text: str) -> list[str]:
    targets = [target.partition("#")[0] for target in LINK.findall(text) if "://" not in target]
    return [target for target in targets if target and not (path.parent / target).exists()]


def test_every_setting_stands_in_the_reference_with_its_default() -> None:
    assert len(GROUPS) >= 7
    assert missing(setting_rows(), reference("settings.md")) == []


def test_every_setting_of_the_reference_is_one() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \|", reference("settings.md"), re.MULTILINE)

    known = [row.split("`")[1] for row in setting_rows()]
    assert sorted(documented) == sorted(known)


def test_missing_and_outdated_setting_is_noticed() -> None:
    page = reference("settings.md").replace("| `API_PORT` | `8000` |", "| `API_PORT` | `8001` |")

    assert missing(setting_rows(), page) == ["| `API_PORT` | `8000` |"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_the_reference_with_its_options(name: str) -> None:
    command = COMMANDS[name]
    parser = argparse.ArgumentParser(add_help=False)
    importlib.import_module(command.module).add_arguments(parser)
    options = options_of(parser)

    page = reference("commands.md")
    text = section(page, name)

    assert f"| {command.help} |" in page
    assert text != ""
    assert [option for option in options if not re.search(rf"`{re.escape(option)}[` ]", text)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_the_reference_is_one(name: str) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    importlib.import_module(COMMANDS[name].module).add_arguments(parser)
    known = set(options_of(parser))

    rows = [line for line in section(reference("commands.md"), name).splitlines() if line.startswith("| `-")]

    assert {option for row in rows for option in re.findall(r"`(--?[a-z-]+)", row.split(" | ")[0])} <= known


def test_every_command_of_the_reference_is_one() -> None:
    headings = re.findall(r"^## (.+)$", reference("commands.md"), re.MULTILINE)

    assert sorted(headings) == sorted(COMMANDS)


def test_every_topic_stands_in_the_reference_with_its_setting_and_retention() -> None:
    topics = config.settings.TopicSettings.model_fields
    rows = [
        rf"\| `{re.escape(topics[name].default)}` \| `TOPICS_{name.upper()}` \|.*\| {topics[days].default} days \|"
        for name, days in (
            ("raw", "retention_days"),
            ("classified", "retention_days"),
            ("sentiment", "retention_days"),
            ("dead_letter", "dead_letter_retention_days"),
            ("redriven", "dead_letter_retention_days"),
            ("metrics", "metrics_retention_days"),
            ("to_label", "retention_days"),
            ("drift", "drift_retention_days"),
        )
    ]
    rows += [
        rf"\| `{re.escape(topics[name].default)}` \| `TOPICS_{name.upper()}` \|.*\| {kept} \|"
        for name, kept in (("feedback", "for ever"), ("labelled", "for ever"), ("online", "the last of each key"))
    ]

    page = reference("topics.md")

    named = [name for name, field in topics.items() if re.match(r"(tweets|models)\.", str(field.default))]
    assert len(named) == len(rows)
    assert [row for row in rows if not re.search(row, page)] == []


@pytest.mark.parametrize(
    ("topic", "record"),
    [
        ("classified", ClassifiedTweet),
        ("sentiment", TweetSentiment),
        ("to-label", ToLabel),
        ("feedback", Feedback),
        ("labelled", LabelledTweet),
        ("drift", DriftEvent),
        ("drift", Span),
        ("drift", Cause),
    ],
)
def test_every_field_of_a_record_stands_under_its_topic(topic: str, record: type[msgspec.Struct]) -> None:
    text = section(reference("topics.md"), f"`tweets.{topic}`")

    assert missing([f"`{field}`" for field in record.__struct_fields__], text) == []


def test_every_field_of_a_change_stands_in_the_reference() -> None:
    text = section(reference("topics.md"), "Changes of the model")

    assert missing([f"`{field}`" for field in ModelChange.__struct_fields__], text) == []


def test_every_reason_of_a_dead_letter_stands_in_the_reference() -> None:
    text = section(reference("topics.md"), "Why a record is a dead letter")

    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [reason.value for reason in Reason]
    assert f"more than {MAX_TEXT_CHARACTERS:,} characters" in text


def test_every_reason_of_feedback_stands_in_the_reference() -> None:
    text = section(reference("topics.md"), "Why feedback is a dead letter")

    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [reason.value for reason in FeedbackReason]


def test_every_error_stands_on_the_page_about_errors_and_every_name_there_is_one() -> None:
    known = {
        name
        for module in (models.errors, api.request_errors)
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, TickertapeError)
    }
    page = reference("errors.md")

    named = set(re.findall(r"`(\w+Error)`", page))

    assert named == known - {"TickertapeError"}


def test_every_error_of_a_request_stands_on_the_page_about_errors_with_its_status() -> None:
    text = section(reference("errors.md"), "HTTP")

    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)

    assert sorted(rows) == sorted((error.__name__, str(int(status))) for error, status in STATUS_OF.items())


def test_every_reason_has_advice_on_the_page_about_errors() -> None:
    text = section(reference("errors.md"), "Dead letters")

    advised = [
        reason for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for reason in re.findall(r"`(\w+)`", row)
    ]

    assert sorted(advised) == sorted([*Reason, *FeedbackReason])


@pytest.mark.parametrize("code", [DONE, FAILED, WRONG_USE])
def test_every_exit_code_stands_on_the_page_about_errors(code: int) -> None:
    assert f"| {code} | " in section(reference("errors.md"), "Exit codes")


def test_every_header_stands_in_the_reference() -> None:
    page = reference("topics.md")
    letter = DeadLetter(key=None, value=b"", reason="", error="", topic="", partition=0, offset=0, time=0)

    own = [f"`{name}`" for name, _ in letter.headers()]
    kinds = (CLASSIFIED_TYPE, SENTIMENT_TYPE, TO_LABEL_TYPE, DEAD_LETTER_TYPE)
    types = [f"`{kind.decode()}`" for kind in kinds]

    assert missing(own, section(page, "`tweets.dead-letter`")) == []
    assert missing(types, section(page, "Headers on every output")) == []
    changes = [f"`{CHANGE_TYPE.format(outcome=outcome)}`" for outcome in ("swapped", "refused")]
    assert missing(changes, section(page, "Changes of the model")) == []
    told = [f"`{EVENT_TYPE.format(event=kind.__struct_config__.tag)}`" for kind in get_args(ContestEvent)]
    assert missing(told, section(page, "What the contest tells")) == []
    assert missing([f"`{DRIFT_TYPE.decode()}`"], section(page, "`tweets.drift`")) == []
    assert missing([f"`{REPORT_TYPE.decode()}`"], section(page, "How learning goes")) == []
    assert missing([f"`{SNAPSHOT_TYPE.decode()}`", f"`{OFFSET_HEADER}`"], section(page, "`models.online`")) == []


@pytest.mark.parametrize("kind", get_args(ContestEvent))
def test_every_field_of_an_event_stands_in_its_row(kind: type[msgspec.Struct]) -> None:
    text = section(reference("topics.md"), "What the contest tells")

    (row,) = [line for line in text.splitlines() if f"`{kind.__struct_config__.tag}`" in line]

    assert missing([f"`{field}`" for field in kind.__struct_fields__], row) == []


def test_every_metric_stands_in_the_reference_with_its_type() -> None:
    types = [line.split()[2:] for line in metrics.exposition().decode().splitlines() if line.startswith("# TYPE")]
    ours = [(name, kind) for name, kind in types if name.startswith("tickertape_")]

    documented = re.findall(r"^\| `(tickertape_\w+)` \| (\w+) \|", reference("metrics.md"), re.MULTILINE)

    assert sorted(documented) == sorted(ours)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_every_relative_link_of_a_page_leads_to_a_file(path: Path) -> None:
    assert broken_links(path, path.read_text(encoding="utf-8")) == []


def test_broken_link_is_noticed() -> None:
    text = "[a](tutorial.md#first) [b](nowhere.md) [c](https://site.example/x.md) [d](#here)"

    assert broken_links(DOCS / "index.md", text) == ["nowhere.md"]

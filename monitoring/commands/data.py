"""Test data with Great Expectations: a project with suites, sources, checkpoints and pages.

The project is the folder gx in --project. A source is a file (csv, tsv, parquet, or jsonl; csv, tsv and jsonl also with
.gz), a suite says what is expected, a checkpoint tests one source against one suite. Suites that come with the project:
raw, labelled-topic, labelled-sentiment, tags, classified.

  tickertape data init                                       make the project, with its suites
  tickertape data source topics data/topic_train.csv         add a file
  tickertape data suite mine --profile topics                make a suite, or --interactive topics, or --by-hand
  tickertape data checkpoint topics --source topics --suite labelled-topic
  tickertape data run topics                                 test; without a name all checkpoints
  tickertape data docs                                       write suites and results as HTML

run prints one line for each expectation, with the numbers of rows that break it (1 is the first row after the header,
or the first line of a jsonl file), never a text, and ends with 1 when one fails.
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from config.commands import DONE, FAILED
from config.settings import ProjectSettings
from models.errors import DataError
from monitoring.data_tests.outcomes import all_hold, as_json, as_table

if TYPE_CHECKING:
    from monitoring.expectations.project import Project

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
# Files of the data folder that `init` adds with a checkpoint, and the suite of each.
_KNOWN_FILES: Mapping[str, str] = {
    "topic_train.csv": "labelled-topic",
    "topic_valid.csv": "labelled-topic",
    "sent_train.csv": "labelled-sentiment",
    "sent_valid.csv": "labelled-sentiment",
    "tags.csv": "tags",
    "feed.jsonl.gz": "raw",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions of `data` with their arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    init = _action(actions, "init", "make the project, or renew its suites")
    init.add_argument("--data-dir", type=Path, metavar="DIR", help="its known files are added (TICKERTAPE_DATA_DIR)")
    source = _action(actions, "source", "add a file")
    source.add_argument("name", type=_name)
    source.add_argument("file", type=Path, metavar="FILE")
    suite = _action(actions, "suite", "make a suite")
    suite.add_argument("name", type=_name)
    way = suite.add_mutually_exclusive_group(required=True)
    way.add_argument("--by-hand", action="store_true", help="a file to edit")
    way.add_argument("--interactive", metavar="SOURCE", help="answer questions about its columns")
    way.add_argument("--profile", metavar="SOURCE", help="what its data fulfil as they are")
    checkpoint = _action(actions, "checkpoint", "test a source against a suite from now on")
    checkpoint.add_argument("name", type=_name)
    checkpoint.add_argument("--source", required=True, metavar="NAME", help="what is tested")
    checkpoint.add_argument("--suite", required=True, metavar="NAME", help="what is expected of it")
    run_action = _action(actions, "run", "run a checkpoint, or all")
    run_action.add_argument("name", type=_name, nargs="?")
    run_action.add_argument("--json", action="store_true", help="print one JSON object a checkpoint")
    _action(actions, "docs", "write suites and results as HTML")


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=help_, description=help_, allow_abbrev=False)
    action.add_argument(
        "--project", type=Path, default=Path("tests/data"), metavar="DIR", help="folder of the project (tests/data)"
    )
    return action


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says; returns 0, or 1 when a checkpoint failed."""
    try:
        from monitoring.expectations import project  # noqa: PLC0415  # imports take seconds, `--help` none
    except ModuleNotFoundError as exc:
        raise DataError(f"data needs {exc.name}, which is not installed: run `make venv`") from exc

    opened = (project.init_project if arguments.action == "init" else project.open_project)(arguments.project)
    return _ACTIONS[arguments.action](opened, arguments)


def _init(project: "Project", arguments: argparse.Namespace) -> int:
    folder = (arguments.data_dir or ProjectSettings().data_dir).expanduser()
    _say(f"suites: {', '.join(project.put_suites())}")
    for file, suite in _KNOWN_FILES.items():
        name = file.partition(".")[0]
        if (folder / file).exists() and name not in project.checkpoints():
            if name not in project.sources():
                project.add_source(name, folder / file)
            project.add_checkpoint(name, source=name, suite=suite)
    _say(f"checkpoints: {', '.join(project.checkpoints()) or 'none'}")
    return DONE


def _source(project: "Project", arguments: argparse.Namespace) -> int:
    project.add_source(arguments.name, arguments.file.expanduser())
    _say(f"source {arguments.name}: {arguments.file}")
    return DONE


def _suite(project: "Project", arguments: argparse.Namespace) -> int:
    from monitoring.expectations import drafts  # noqa: PLC0415  # as above

    if arguments.by_hand:
        suite = drafts.template_suite(arguments.name)
    elif arguments.profile:
        suite = drafts.profiled_suite(arguments.name, project.source(arguments.profile))
    else:
        suite = drafts.asked_suite(arguments.name, project.source(arguments.interactive), _ask)
    path = project.add_suite(suite)
    _say(f"suite {arguments.name}, {len(suite.expectations)} expectations: {path}")
    return DONE


def _checkpoint(project: "Project", arguments: argparse.Namespace) -> int:
    project.add_checkpoint(arguments.name, source=arguments.source, suite=arguments.suite)
    _say(f"checkpoint {arguments.name}: {arguments.source} against {arguments.suite}")
    return DONE


def _run(project: "Project", arguments: argparse.Namespace) -> int:
    names = [arguments.name] if arguments.name else project.checkpoints()
    if not names:
        raise DataError("there is no checkpoint: add one with `tickertape data checkpoint`")
    code = DONE
    for name in names:
        outcomes = project.run(name)
        if arguments.json:
            _say(as_json(outcomes, checkpoint=name).rstrip())
        else:
            _say(f"{name}: {'ok' if all_hold(outcomes) else 'FAIL'}\n{as_table(outcomes)}")
        code = code if all_hold(outcomes) else FAILED
    return code


def _docs(project: "Project", _: argparse.Namespace) -> int:
    _say(f"pages: {project.build_pages()}")
    return DONE


_ACTIONS: Mapping[str, Callable[["Project", argparse.Namespace], int]] = {
    "init": _init,
    "source": _source,
    "suite": _suite,
    "checkpoint": _checkpoint,
    "run": _run,
    "docs": _docs,
}


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _ask(question: str) -> str:
    """Show a question and read a line; the end of the input is an empty answer."""
    sys.stdout.write(question)
    sys.stdout.flush()
    return sys.stdin.readline().rstrip("\n")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to 60 letters, digits, - and _")
    return text

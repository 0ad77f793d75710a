"""The frame of every command line: a table of commands, imported only when called, and one way to fail."""

import argparse
import errno
import importlib
import logging.config
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from config.logs import logging_config

DONE, FAILED, WRONG_USE = 0, 1, 2


@dataclass(frozen=True)
class Command:
    """One verb.

    Attributes:
        module: has `add_arguments(parser)` and `run(arguments) -> int`; its docstring is the verb's `--help`.
        help: one line.
        runs_until_stopped: Ctrl-C is its regular end; for all others it is a failure, so that a script does not go on.
    """

    module: str
    help: str
    runs_until_stopped: bool = False


def run_command(
    commands: Mapping[str, Command], argv: Sequence[str] | None, *, prog: str, failure: type[Exception]
) -> int:
    """Run the verb that `argv` names and return the exit code.

    Args:
        commands: the verbs of this command line.
        argv: the words after the program's name; None reads `sys.argv`.
        prog: the program's name in messages.
        failure: the project's own exception base; one such error ends in one line on standard error.

    Returns:
        0 done, 1 failed. Wrong use leaves by `SystemExit(2)`, as argparse does.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog=prog, description=_overview(commands), formatter_class=_Raw, add_help=True)
    parser.add_argument("verb", choices=sorted(commands), metavar="command", help="see above")
    chosen = parser.parse_args(words[:1])
    command, verb_prog = commands[chosen.verb], f"{prog} {chosen.verb}"
    try:
        module = importlib.import_module(command.module)
        arguments = _arguments(module, words[1:], prog=verb_prog)
        return _run(module, arguments, prog=verb_prog, failure=failure)
    except KeyboardInterrupt:
        if command.runs_until_stopped:
            return DONE
        _complain(verb_prog, "interrupted before it was done")
        return FAILED


def positive_integer(text: str) -> int:
    """Read an argument that counts something; for `type=` of an argument.

    Raises:
        argparse.ArgumentTypeError: the text is no whole number, or one below 1.

    >>> positive_integer("3")
    3
    """
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def configure_logging(level: str, *, as_json: bool) -> None:
    """Apply the logging configuration to this process; called by commands that keep running."""
    logging.config.dictConfig(logging_config(level, as_json=as_json))


def _arguments(module: ModuleType, words: Sequence[str], *, prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=prog, description=module.__doc__, formatter_class=_Raw, allow_abbrev=False)
    module.add_arguments(parser)
    return parser.parse_args(words)


def _run(module: ModuleType, arguments: argparse.Namespace, *, prog: str, failure: type[Exception]) -> int:
    from config.group import InvalidSettingsError  # noqa: PLC0415  # costs 0.1 s, which `--help` need not pay

    try:
        code = int(module.run(arguments))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output left, as `tickertape tail | head` does
        sys.stderr.close()
        return DONE
    except InvalidSettingsError as exc:
        for problem in exc.problems:
            _complain(prog, f"setting {problem}; see docs/reference/settings.md")
        return WRONG_USE
    except failure as exc:
        _complain(prog, str(exc))
        return FAILED
    except OSError as exc:
        if exc.errno != errno.ENOSPC:
            raise
        _complain(prog, "no space is left where its output goes: free some, or write elsewhere")
        sys.stdout = None  # Python would fail once more when it flushes at exit
        return FAILED
    return code


def _complain(prog: str, message: str) -> None:
    sys.stderr.write(f"{prog}: {' '.join(message.split())}\n")


def _overview(commands: Mapping[str, Command]) -> str:
    width = max(map(len, commands))
    return "\n".join(f"  {verb:<{width}}  {command.help}" for verb, command in commands.items())


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Keep the line breaks of tables and docstrings."""

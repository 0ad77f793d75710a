import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.commands import Command, run_command
from models.errors import TickertapeError
from tickertape import COMMANDS

VERBS = {
    "broker",
    "worker",
    "verify",
    "dead-letters",
    "retrain",
    "serve",
    "keys",
    "produce",
    "label",
    "tail",
    "train",
    "fetch-data",
    "demo",
    "data",
    "drift",
    "promote",
    "diff",
    "evaluate",
    "tune",
    "behaviour",
    "explain",
    "asyncapi",
}

MODULE = '''
"""Try the frame.

More about it.
"""
from models.errors import DataNotFoundError
from config.settings import StreamSettings

def add_arguments(parser):
    parser.add_argument("--how", default="well")

def run(arguments):
    if arguments.how == "missing":
        raise DataNotFoundError("no file at x:\\n  fetch it")
    if arguments.how == "setting":
        StreamSettings(chunk_size_tweets=0)
    if arguments.how == "interrupt":
        raise KeyboardInterrupt
    return 0
'''


@pytest.fixture
def run_verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    (tmp_path / "tried_verb.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "tried_verb", raising=False)

    def run(*words: str) -> int:
        commands = {
            "try": Command("tried_verb", "try the frame"),
            "serve": Command("tried_verb", "try it for long", runs_until_stopped=True),
        }
        return run_command(commands, words, prog="frame", failure=TickertapeError)

    return run


def test_verb_that_ends_well_exits_with_0(run_verb: Callable[..., int]) -> None:
    assert run_verb("try") == 0


def test_expected_failure_is_one_line_on_standard_error_and_exit_code_1(
    run_verb: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_verb("try", "--how", "missing") == 1

    assert capsys.readouterr().err == "frame try: no file at x: fetch it\n"


def test_setting_that_is_not_allowed_is_wrong_use(
    run_verb: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_verb("try", "--how", "setting") == 2

    message = capsys.readouterr().err
    assert message.startswith("frame try: setting STREAM_CHUNK_SIZE_TWEETS=0: Input should be greater than")
    assert message.count("\n") == 1


def test_ctrl_c_is_the_clean_end_of_what_runs_until_stopped(run_verb: Callable[..., int]) -> None:
    assert run_verb("serve", "--how", "interrupt") == 0


def test_ctrl_c_fails_what_has_an_end_of_its_own(
    run_verb: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_verb("try", "--how", "interrupt") == 1

    assert capsys.readouterr().err == "frame try: interrupted before it was done\n"


@pytest.mark.parametrize("words", [(), ("unknown",), ("try", "--unknown"), ("try", "--ho", "well")])
def test_wrong_use_exits_with_2(run_verb: Callable[..., int], words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as left:
        run_verb(*words)

    assert left.value.code == 2


def test_help_of_a_verb_is_its_module_docstring(
    run_verb: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run_verb("try", "--help")

    assert left.value.code == 0
    assert "Try the frame." in capsys.readouterr().out


def test_front_door_has_the_documented_verbs() -> None:
    assert set(COMMANDS) == VERBS


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_itself(verb: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tickertape", verb, "--help"], capture_output=True, text=True, check=False
    )

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"usage: tickertape {verb}")


def test_front_door_help_imports_nothing_heavy() -> None:
    code = "import sys, tickertape\ntry: tickertape.main(['--help'])\nexcept SystemExit: pass\n"
    code += "import json; sys.stderr.write(json.dumps(sorted(sys.modules)))"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    heavy = {"faust", "kafka", "aiokafka", "fastapi", "pydantic", "numpy", "sklearn", "mlflow", "rich", "msgspec"}
    assert heavy.isdisjoint(json.loads(answer.stderr))

import argparse
from types import ModuleType

import pytest

from stream.commands import dead_letters, produce, tail, verify


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        (produce, ("--generate", "--rate", "fast"), "argument --rate: 'fast' is no number"),
        (produce, ("--generate", "--rate", "nan"), "argument --rate: nan is not above 0"),
        (produce, ("--generate", "--malformed-share", "half"), "argument --malformed-share: 'half' is no number"),
        (produce, ("--generate", "--count", "1.5"), "argument --count: '1.5' is no whole number"),
        (tail, ("--count", "-1"), "argument --count: -1 is not 1 or more"),
        (tail, ("--from", "noon"), "argument --from: 'noon' is neither like 0:1200,1:1187 nor a time"),
        (verify, ("--outputs-from", "0"), "argument --outputs-from: '0' is neither like 0:1200,1:1187 nor a time"),
        (dead_letters, ("show", "x"), "argument PARTITION:OFFSET: 'x' names no letter like 0:12"),
        (dead_letters, ("show", "0:1,1:2"), "argument PARTITION:OFFSET: '0:1,1:2' names 2 letters, one is shown"),
    ],
)
def test_wrong_value_of_an_option_is_told_with_what_is_allowed(
    command: ModuleType, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    command.add_arguments(parser)

    with pytest.raises(SystemExit) as ended:
        parser.parse_args(words)

    assert ended.value.code == 2
    assert told in capsys.readouterr().err

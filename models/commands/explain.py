"""Show which terms carried the topic and the sentiment of a text, with the model that answers now.

TEXT is a tweet; - reads one a line from standard input. The score of a class is a sum over the text's terms, so the
parts are exact. `score` is a term's part in the score of the answered class, `lead` in its lead over the runner-up:
below 0, the term spoke for that one.
"""

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from config.commands import positive_integer
from models.commands.stores import registry_store
from models.explain import explain, explainable
from models.explanations import AnswerExplanation, Explanation
from models.loading import load_predictor
from models.tweets import TweetFields, read_tweet

if TYPE_CHECKING:
    from rich.table import Table


class _Explained(msgspec.Struct, frozen=True):
    text: str
    explanation: Explanation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `explain`."""
    parser.add_argument("texts", nargs="+", metavar="TEXT", help="a tweet; - reads one a line from standard input")
    parser.add_argument("--top", type=positive_integer, default=10, metavar="N", help="terms to show (default: 10)")
    parser.add_argument("--json", action="store_true", help="print one JSON object a text instead of tables")


def run(arguments: argparse.Namespace) -> int:
    """Explain each text; returns 0."""
    scorer = explainable(load_predictor(registry_store(top_k=1))).scorer
    for text in _texts(arguments.texts):
        tweet = read_tweet(TweetFields(text=text))
        explained = _Explained(tweet.text, explain(scorer, tweet.text, top=arguments.top))
        if arguments.json:
            sys.stdout.write(msgspec.json.encode(explained).decode() + "\n")
        else:
            _show(explained)
    return 0


def _texts(given: list[str]) -> Iterable[str]:
    if given == ["-"]:
        lines = (line.decode(errors="replace").strip() for line in sys.stdin.buffer)
        return (line for line in lines if line)
    # Bytes of the command line that are no UTF-8 come as lone surrogates, which can't be printed.
    return (text.encode(errors="replace").decode() for text in given)


def _show(explained: _Explained) -> None:
    from rich import print as show  # noqa: PLC0415  # costs 0.1 s, which `--help` need not pay
    from rich.text import Text  # noqa: PLC0415  # as above

    show(Text(explained.text))
    for head, answer in (("topic", explained.explanation.label), ("sentiment", explained.explanation.sentiment)):
        show(Text(f"{head}: {answer.answer}, before {answer.runner_up}"), _table(answer), sep="\n")


def _table(answer: AnswerExplanation) -> "Table":
    from rich.table import Table  # noqa: PLC0415  # as above
    from rich.text import Text  # noqa: PLC0415  # as above

    table = Table("term")
    for column in ("score", "lead"):
        table.add_column(column, justify="right")
    for part in answer.terms:
        table.add_row(Text(part.term), f"{part.score:+.3f}", f"{part.lead:+.3f}")
    for name, share in (("other terms", answer.rest), ("bias", answer.bias), ("total", answer.total)):
        table.add_row(Text(name, style="italic"), f"{share.score:+.3f}", f"{share.lead:+.3f}")
    return table

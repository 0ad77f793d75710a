"""The code blocks of a page of the documentation, and what its notes say of them.

A note is a comment right above a block, which readers do not see:

    <!-- left out: REASON -->     it is not run
    <!-- given: COMMANDS -->      run before it
    <!-- goes on: TEXT -->        its last line runs on until the end of the page, and is waited for until it says TEXT
    <!-- fails: CODE -->          it ends with that exit code
    <!-- output -->               it is what the block before it printed
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

import tickertape

ROOT = Path(tickertape.__file__).parents[1]
SHELLS = ("sh", "console")
RUNNABLE = (*SHELLS, "python")
NOTE = re.compile(r"<!--\s*(left out|given|goes on|fails|output)(?::\s*(.*?))?\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        place: page and line, for messages.
        language: what the fence names.
        notes: by their names; see above.
    """

    place: str
    language: str
    code: str
    notes: Mapping[str, str]

    @property
    def is_runnable(self) -> bool:
        return self.language in RUNNABLE

    @property
    def is_output(self) -> bool:
        return "output" in self.notes

    @property
    def left_out(self) -> str:
        """Why it is not run; empty where it is."""
        return self.notes.get("left out", "")


def pages() -> list[Path]:
    """Name the pages whose blocks are run, relative to the project: README, tutorial, how-to guides and reference.

    The page on performance is none of them: its one block measures for hours.
    """
    docs = ROOT / "docs"
    guides, reference = sorted((docs / "how-to").glob("*.md")), sorted((docs / "reference").glob("*.md"))
    found = [ROOT / "README.md", docs / "tutorial.md", *guides, *reference]
    return [path.relative_to(ROOT) for path in found if path.name != "performance.md"]


def read_blocks(page: Path) -> list[Block]:
    """Read a page, named relative to the project."""
    return list(blocks_of((ROOT / page).read_text(encoding="utf-8"), str(page)))


def blocks_of(text: str, name: str) -> Iterator[Block]:
    """Give the fenced blocks of a text in their order; a note belongs to the block that follows it."""
    notes: dict[str, str] = {}
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "html_block":
            notes |= {key: said or "" for key, said in NOTE.findall(token.content)}
        elif token.type == "fence":
            first_line = (token.map or [0])[0] + 1
            yield Block(f"{name}:{first_line}", token.info, token.content, notes)
            notes = {}
        elif token.content:
            notes = {}


def commands_of(block: Block) -> list[tuple[str, str]]:
    """Take a shell block apart: commands, each with the output that is shown below it.

    A block of `sh` is one piece without output.
    """
    if block.language == "sh":
        return [(block.code, "")]
    pieces: list[tuple[str, str]] = []
    goes_on = False
    for line in block.code.splitlines(keepends=True):
        if line.startswith("$ "):
            pieces.append((line[2:], ""))
        elif goes_on:
            pieces[-1] = (pieces[-1][0] + line, "")
        else:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + line)
        goes_on = line.endswith("\\\n") and not pieces[-1][1]
    return pieces


def has_shape(printed: str, shown: str) -> bool:
    r"""Tell whether the text that is shown stands in what was printed; numbers and hashes may differ, `...` is anything.

    >>> has_shape("Kafka 4.3.1 at 127.0.0.1:40123, 0a1b2c3d\n", "Kafka 4.3.0 at 127.0.0.1:9092, 1b2c3d4e")
    True
    """
    pattern = re.escape(shape_of(shown)).replace(re.escape("..."), ".*")
    return re.search(pattern, shape_of(printed), re.DOTALL) is not None


def shape_of(text: str) -> str:
    hashes_gone = re.sub(r"\b(?=[a-f]*[0-9])[0-9a-f]{7,}\b", "#", text)
    numbers_gone = re.sub(r"\d+(?:[.,:]\d+)*", "#", hashes_gone)
    return " ".join(numbers_gone.split())

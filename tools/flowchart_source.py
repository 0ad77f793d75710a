"""Reads the flowcharts of the documentation: the part of Mermaid's language that the pages use.

Known are `a[text]`, `a[(topic)]`, `a[/files/]`, `a & b`, `-->`, `-.->` and `-- words -->`.
"""

import re
import textwrap
from dataclasses import dataclass, field

LETTER, LINE, PADDING = 7.0, 17.0, 12.0  # of a box's text, in pixels
LINE_CHARACTERS = 20

_NODE = re.compile(r"(?P<name>\w+)(?:\[\((?P<topic>.*?)\)\]|\[/(?P<files>.*?)/\]|\[(?P<box>.*?)\])?")
_ARROW = re.compile(r"\s+(?:(?P<dotted>-\.->)|-->|--\s+(?P<words>.+?)\s+-->)\s+")


class FlowchartError(ValueError):
    """A line is none of those that are known."""


@dataclass
class Node:
    """A box, or a bend of an arrow that passes a layer, which has no text."""

    text: str = ""
    shape: str = "box"
    layer: int = 0
    along: float = 0.0
    across: float = 0.0

    @property
    def lines(self) -> list[str]:
        """Its text, as it is broken in the box."""
        return textwrap.wrap(self.text, LINE_CHARACTERS)

    @property
    def width(self) -> float:
        """In pixels."""
        return 2 * PADDING + LETTER * max(map(len, self.lines)) if self.text else 1.0

    @property
    def height(self) -> float:
        """In pixels."""
        return 2 * PADDING + LINE * len(self.lines) if self.text else 1.0


@dataclass(frozen=True)
class Arrow:
    """From one node to another, over bends."""

    start: str
    end: str
    is_dotted: bool = False
    words: str = ""


@dataclass
class Flowchart:
    """What a chart says: nodes by their names, arrows in their order."""

    nodes: dict[str, Node] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)


def read_flowchart(source: str) -> Flowchart:
    """Read the lines of a chart.

    Raises:
        FlowchartError: a line is none of those that are known.
    """
    first, *lines = source.strip().splitlines()
    if first.split()[0] != "flowchart":
        raise FlowchartError(f"{first!r} begins no flowchart")
    chart = Flowchart()
    for line in lines:
        _read_line(line.strip(), chart)
    return chart


def _read_line(line: str, chart: Flowchart) -> None:
    arrows = list(_ARROW.finditer(line))
    begins = [0, *(arrow.end() for arrow in arrows)]
    ends = [*(arrow.start() for arrow in arrows), len(line)]
    groups = [_read_group(line[begin:end], chart) for begin, end in zip(begins, ends, strict=True)]
    for arrow, starts, targets in zip(arrows, groups, groups[1:], strict=False):
        chart.arrows += [
            Arrow(start, target, arrow["dotted"] is not None, arrow["words"] or "")
            for start in starts
            for target in targets
        ]


def _read_group(text: str, chart: Flowchart) -> list[str]:
    names = []
    position = 0
    while found := _NODE.match(text, position):
        name = found["name"]
        said = next(((shape, found[shape]) for shape in ("topic", "files", "box") if found[shape]), None)
        node = chart.nodes.setdefault(name, Node(name))
        if said:
            node.shape, node.text = said
        names.append(name)
        if not text.startswith(" & ", found.end()):
            position = found.end()
            break
        position = found.end() + len(" & ")
    if position != len(text):
        raise FlowchartError(f"{text!r} is no box, nor several with & between them")
    return names

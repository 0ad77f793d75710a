"""The flowcharts of the pages are drawn as what they say, without a program of another server."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

import tickertape

ROOT = Path(tickertape.__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))  # as mkdocs does for its hooks

from flowchart_source import FlowchartError, read_flowchart  # noqa: E402  # the path above
from flowcharts import draw  # noqa: E402
from mkdocs_hooks import on_page_markdown  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"
CHARTS = [
    pytest.param(source, id=f"{path.stem}-{number}")
    for path in sorted([ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")])
    for number, source in enumerate(
        re.findall(r"^```mermaid\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )
]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  # our own drawing


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Give left, top, right and bottom of each box."""
    found = []
    for box in parsed(svg).iter(f"{SVG}rect"):
        left, top, width, height = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        found.append((left, top, left + width, top + height))
    return found


def test_line_is_read_as_nodes_and_arrows() -> None:
    chart = read_flowchart("flowchart LR\n a[one] --> b[(two)] & c\n b -.-> a\n c -- with words --> d[/three/]\n")

    assert {name: (node.shape, node.text) for name, node in chart.nodes.items()} == {
        "a": ("box", "one"),
        "b": ("topic", "two"),
        "c": ("box", "c"),
        "d": ("files", "three"),
    }
    assert [(arrow.start, arrow.end, arrow.is_dotted, arrow.words) for arrow in chart.arrows] == [
        ("a", "b", False, ""),
        ("a", "c", False, ""),
        ("b", "a", True, ""),
        ("c", "d", False, "with words"),
    ]


@pytest.mark.parametrize("source", ["graph TD\n a --> b", "flowchart LR\n a ==> b", "flowchart LR\n a{choice} --> b"])
def test_what_is_not_known_is_an_error(source: str) -> None:
    with pytest.raises(FlowchartError):
        draw(source, "title")


@pytest.mark.parametrize("source", CHARTS)
def test_chart_of_a_page_has_every_box_and_arrow_and_no_two_boxes_overlap(source: str) -> None:
    chart = read_flowchart(source)

    svg = draw(source, "title")

    tree = parsed(svg)
    placed = boxes(svg)
    shown = " ".join(text.text or "" for text in tree.iter(f"{SVG}text"))
    assert len(placed) == len(chart.nodes)
    assert len([path for path in tree.iter(f"{SVG}path") if "marker-end" in path.attrib]) == len(chart.arrows)
    assert [word for node in chart.nodes.values() for word in node.text.split() if word not in shown] == []
    overlapping = [
        (one, other)
        for place, one in enumerate(placed)
        for other in placed[:place]
        if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ]
    assert overlapping == []


def test_every_box_stands_in_the_picture() -> None:
    svg = draw(CHARTS[0].values[0], "title")

    left, top, width, height = map(float, parsed(svg).attrib["viewBox"].split())
    assert min(box[0] for box in boxes(svg)) >= left
    assert min(box[1] for box in boxes(svg)) >= top
    assert max(box[2] for box in boxes(svg)) <= left + width
    assert max(box[3] for box in boxes(svg)) <= top + height


def test_text_of_a_box_can_be_no_markup() -> None:
    svg = draw("flowchart LR\n a[x < y & z] --> b", "less < more")

    assert "x &lt; y &amp; z" in svg
    assert "<title>less &lt; more</title>" in svg


def test_page_gets_drawings_in_the_place_of_its_charts_and_keeps_the_rest() -> None:
    page = "# Page\n\n```mermaid\nflowchart LR\n  a --> b\n```\n\n```sh\nls\n```\n"

    made = on_page_markdown(page, page=SimpleNamespace(title="Page"), config=None, files=None)

    assert made.startswith('# Page\n\n<div class="flowchart"><svg ')
    assert made.endswith("</svg></div>\n\n```sh\nls\n```\n")

"""Draws the flowcharts of the documentation as SVG, from the lines that GitHub draws too.

Boxes stand in layers, as far from the beginning as the longest way to them.
"""

import html
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from flowchart_source import LINE, PADDING, Arrow, Flowchart, Node, read_flowchart

BESIDE, BETWEEN = 22.0, 54.0  # between boxes of a layer, and between layers, in pixels
LAYERS_ACROSS = 5  # more of them stand below each other, as a page is wider than high
SWEEPS = 8  # of sorting; the order settles after fewer
TEXT_RISE = 12.0  # of a line of text over its foot


def draw(source: str, title: str) -> str:
    """Draw a chart; gives an SVG element whose colours are those of the text around it.

    Raises:
        FlowchartError: a line is none of those that are known.
    """
    chart = read_flowchart(source)
    forward = _forward(chart)
    layers = _layers(chart, forward)
    is_downward = len(layers) > LAYERS_ACROSS
    routes = _bend(chart, layers, forward)
    _sort(layers, routes)
    _place(chart, layers, is_downward=is_downward)
    return "".join(_svg(chart, routes, title, is_downward=is_downward))


def _forward(chart: Flowchart) -> list[Arrow]:
    """Leave out the arrows that lead back to where a way came from."""
    following = defaultdict(list)
    for arrow in chart.arrows:
        following[arrow.start].append(arrow)
    kept, state = [], dict.fromkeys(chart.nodes, "new")

    def walk(name: str) -> None:
        state[name] = "open"
        for arrow in following[name]:
            if state[arrow.end] != "open":
                kept.append(arrow)
                if state[arrow.end] == "new":
                    walk(arrow.end)
        state[name] = "done"

    for name in chart.nodes:
        if state[name] == "new":
            walk(name)
    return kept


def _layers(chart: Flowchart, forward: Sequence[Arrow]) -> list[list[str]]:
    for _ in chart.nodes:  # the longest way has no more steps
        for arrow in forward:
            end = chart.nodes[arrow.end]
            end.layer = max(end.layer, chart.nodes[arrow.start].layer + 1)
    for name, node in chart.nodes.items():  # what begins nothing but late ways stands right before them
        if not any(arrow.end == name for arrow in forward):
            later = [chart.nodes[arrow.end].layer for arrow in forward if arrow.start == name]
            node.layer = max(0, min(later, default=1) - 1)
    layers: list[list[str]] = [[] for _ in range(1 + max(node.layer for node in chart.nodes.values()))]
    for name, node in chart.nodes.items():
        layers[node.layer].append(name)
    return layers


def _bend(chart: Flowchart, layers: list[list[str]], forward: Sequence[Arrow]) -> list[tuple[Arrow, list[str]]]:
    """Give each arrow the names on its way; one that passes layers gets a bend in each, so that it passes no box."""
    routes = []
    for number, arrow in enumerate(chart.arrows):
        first, last = chart.nodes[arrow.start].layer, chart.nodes[arrow.end].layer
        step = 1 if last > first else -1
        way = [arrow.start]
        for layer in range(first + step, last, step) if arrow in forward or first != last else ():
            name = f"bend-{number}-{layer}"
            chart.nodes[name] = Node(layer=layer)
            layers[layer].append(name)
            way.append(name)
        routes.append((arrow, [*way, arrow.end]))
    return routes


def _sort(layers: list[list[str]], routes: Sequence[tuple[Arrow, list[str]]]) -> None:
    """Put what is connected near each other, by the mean place of its neighbours."""
    neighbours = defaultdict(set)
    for _, way in routes:
        for one, other in pairwise(way):
            neighbours[one].add(other)
            neighbours[other].add(one)
    place = {name: (number + 0.5) / len(layer) for layer in layers for number, name in enumerate(layer)}
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            mean = {name: _mean([place[other] for other in neighbours[name]], place[name]) for name in layer}
            layer.sort(key=mean.__getitem__)
            place |= {name: (number + 0.5) / len(layer) for number, name in enumerate(layer)}


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _place(chart: Flowchart, layers: Sequence[Sequence[str]], *, is_downward: bool) -> None:
    def extent(name: str, *, along: bool) -> float:
        node = chart.nodes[name]
        return node.height if along == is_downward else node.width

    breadths = [sum(extent(name, along=False) + BESIDE for name in layer) - BESIDE for layer in layers]
    along = 0.0
    for layer, breadth in zip(layers, breadths, strict=True):
        depth = max(extent(name, along=True) for name in layer)
        across = (max(breadths) - breadth) / 2
        for name in layer:
            node = chart.nodes[name]
            node.along, node.across = along + depth / 2, across + extent(name, along=False) / 2
            across += extent(name, along=False) + BESIDE
        along += depth + BETWEEN


def _point(node: Node, *, is_downward: bool) -> tuple[float, float]:
    return (node.across, node.along) if is_downward else (node.along, node.across)


def _svg(
    chart: Flowchart, routes: Sequence[tuple[Arrow, list[str]]], title: str, *, is_downward: bool
) -> Iterator[str]:
    nodes = chart.nodes.values()
    centres = [(node, *_point(node, is_downward=is_downward)) for node in nodes]
    width = max(x + node.width / 2 for node, x, _ in centres)
    height = max(y + node.height / 2 for node, _, y in centres)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flowchart" role="img" viewBox="-2 -2 {width + 4:.0f} {height + 4:.0f}" '
        f'style="max-width:{width + 4:.0f}px;width:100%" font-size="13" font-family="inherit" fill="none" stroke="currentColor">'
        f"<title>{html.escape(title)}</title>"
        '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="currentColor" stroke="none"/></marker>'
    )
    for arrow, way in routes:
        yield from _arrow(arrow, [chart.nodes[name] for name in way], is_downward=is_downward)
    for node, x, y in centres:
        if node.text:
            yield from _box(node, x, y)
    yield "</svg>"


def _arrow(arrow: Arrow, way: Sequence[Node], *, is_downward: bool) -> Iterator[str]:
    sign = 1.0 if way[-1].layer > way[0].layer else -1.0
    points = [_point(node, is_downward=is_downward) for node in way]
    reach = [(node.height if is_downward else node.width) / 2 * sign for node in way]
    along = 1 if is_downward else 0
    bent = [list(point) for point in points]
    bent[0][along] += reach[0]
    bent[-1][along] -= reach[-1]
    path = f"M{bent[0][0]:.1f} {bent[0][1]:.1f}"
    for one, other in pairwise(bent):
        middle = (one[along] + other[along]) / 2
        first, second = list(one), list(other)
        first[along] = second[along] = middle
        path += f"C{first[0]:.1f} {first[1]:.1f} {second[0]:.1f} {second[1]:.1f} {other[0]:.1f} {other[1]:.1f}"
    dots = ' stroke-dasharray="4 4"' if arrow.is_dotted else ""
    yield f'<path d="{path}" stroke-opacity=".6" marker-end="url(#tip)"{dots}/>'
    if arrow.words:
        x, y = ((bent[0][axis] + bent[1][axis]) / 2 for axis in (0, 1))
        yield f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="11" font-style="italic" fill="currentColor" stroke="none">{html.escape(arrow.words)}</text>'


def _box(node: Node, x: float, y: float) -> Iterator[str]:
    left, top = x - node.width / 2, y - node.height / 2
    corner = {"topic": node.height / 2, "files": 0, "box": 4}[node.shape]
    dash = ' stroke-dasharray="2 2"' if node.shape == "files" else ""
    yield (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{node.width:.1f}" height="{node.height:.1f}" rx="{corner:.1f}" '
        f'fill="var(--md-code-bg-color, #f5f5f5)"{dash}/>'
    )
    for number, line in enumerate(node.lines):
        base = top + PADDING + LINE * number + TEXT_RISE
        yield f'<text x="{x:.1f}" y="{base:.1f}" text-anchor="middle" fill="currentColor" stroke="none">{html.escape(line)}</text>'

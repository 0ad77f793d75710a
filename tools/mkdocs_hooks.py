"""What mkdocs does with a page of ours before it makes HTML of it: flowcharts are drawn, without asking any server."""

import re
import textwrap

from flowcharts import draw
from mkdocs.structure.pages import Page

FENCE = re.compile(r"^(?P<indent> *)```mermaid\n(?P<source>.*?)^ *```$", re.MULTILINE | re.DOTALL)


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Put a drawing in the place of each flowchart."""
    title = f"Flowchart of the page {page.title}"

    def drawn(found: re.Match[str]) -> str:
        svg = draw(textwrap.dedent(found["source"]), title)
        return f'{found["indent"]}<div class="flowchart">{svg}</div>'

    return FENCE.sub(drawn, markdown)

"""Great Expectations' HTML pages without what they load from other servers, and with a first page of our own."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

FIRST_PAGE = "index.html"
# Scripts, styles and images of public servers, one of which counts visits; without them only folding is gone.
_FROM_ELSEWHERE = re.compile(
    r"<script[^>]*\bsrc=\"https?:[^>]*>\s*</script>|<(?:link|img)[^>]*\b(?:href|src)=\"https?:[^>]*>"
    r"|url\('https?:[^)]*\)"
)
_STYLE = """<style>
body { font-family: sans-serif; margin: 1rem 2rem; max-width: 80rem; }
table { border-collapse: collapse; margin: 0.5rem 0; }
td, th { border: 1px solid #ccc; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
i.text-success::before { content: "ok"; }
i.text-danger::before { content: "FAIL"; }
</style>
"""


def finish_pages(pages: Path, results: Path) -> None:
    """Make pages that a browser shows without asking another server.

    Args:
        pages: folder of the pages, as Great Expectations wrote them. Its own first page is empty without the scripts of
            other servers; ours lists the suites, and the results with the newest first.
        results: folder of the results as JSON, in which each has the place that its page has in `pages/validations`.
    """
    for page in pages.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(_FROM_ELSEWHERE.sub("", text).replace("</head>", f"{_STYLE}</head>", 1), encoding="utf-8")
    suites = [f"<li>{_link(pages, page, page.stem)}</li>" for page in sorted(pages.glob("expectations/*.html"))]
    body = f"<h2>Results</h2><table>{''.join(_result_rows(pages, results))}</table><h2>Suites</h2><ul>{''.join(suites)}</ul>"
    first = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tests of data</title>{_STYLE}</head>'
    (pages / FIRST_PAGE).write_text(f"{first}<body><h1>Tests of data</h1>{body}</body></html>\n", encoding="utf-8")


def _result_rows(pages: Path, results: Path) -> Iterator[str]:
    found = results.glob("*/*/*/*.json")  # suite, run, time, source
    for path in sorted(found, key=lambda path: path.parent.name, reverse=True):
        result = json.loads(path.read_bytes())
        page = pages / "validations" / path.relative_to(results).with_suffix(".html")
        source = result["meta"]["active_batch_definition"]["datasource_name"]
        cells = [
            html.escape(result["meta"]["validation_time"][:19]),
            _link(pages, page, f"{source} against {result['suite_name']}"),
            "ok" if result["success"] else "FAIL",
        ]
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _link(pages: Path, page: Path, text: str) -> str:
    return f'<a href="{page.relative_to(pages).as_posix()}">{html.escape(text)}</a>'

"""The page over all drift reports: one static file that needs no script and asks no server for anything."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from monitoring.drift.columns import NUMBER_COLUMNS
from monitoring.drift.records import Cause, DriftEvent

SHOWN_CAUSES = 3
LONGEST_ITEM = 40  # characters; tickers and words are what anybody wrote
_NUMBERS = {column.name for column in NUMBER_COLUMNS}

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.45 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; opacity: .8; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: .5rem .75rem .5rem 0; text-align: left; vertical-align: top; }
ul { list-style: none; margin: 0; padding: 0; }
td { overflow-wrap: anywhere; }
.drift { color: light-dark(#a11, #f88); font-weight: 600; }
.quiet { color: light-dark(#175, #7c9); }
@media (max-width: 45rem) {
  thead { display: none; }
  tr { border-bottom: 1px solid #888; display: block; padding: .5rem 0; }
  td { border: 0; display: grid; grid-template-columns: 6rem 1fr; padding: .15rem 0; }
  td::before { content: attr(data-name); opacity: .7; }
}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
_HEADINGS = ("Time", "Outcome", "Kinds", "Causes", "Window", "Files")
_FILES = (("report.html", "page"), ("report.json", "figures"), ("event.json", "event"))


def index_page(events: Sequence[DriftEvent]) -> str:
    """Write the page.

    Args:
        events: of the reports that are there, in the order in which they are shown.
    """
    rows = "\n".join(_row(event) for event in events)
    heads = "".join(f'<th scope="col">{name}</th>' for name in _HEADINGS)
    table = f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>" if events else ""
    count = f"{len(events)} reports, the newest first." if events else "There is no report yet."
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>Drift reports</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Drift reports</h1>\n"
        f"<p>{count}</p>\n{table}\n</body>\n</html>\n"
    )


def _row(event: DriftEvent) -> str:
    shown = [f"<li>{_cause(cause)}</li>" for cause in event.causes[:SHOWN_CAUSES]]
    if len(event.causes) > SHOWN_CAUSES:
        shown.append(f"<li>and {len(event.causes) - SHOWN_CAUSES} more</li>")
    links = " ".join(f'<a href="{_text(str(event.report))}/{file}">{name}</a>' for file, name in _FILES)
    cells = (
        f'<time datetime="{_text(event.time)}">{_text(event.time)}</time>',
        f'<span class="{event.outcome}">{event.outcome.replace("_", " ")}</span>',
        _text(", ".join(event.kinds)) or "none",
        f"<ul>{''.join(shown)}</ul>" if shown else "none",
        f"{event.window.number} ({event.window.tweets:,} tweets), model {_text(event.model.version)}",
        links,
    )
    return (
        f"<tr>{''.join(f'<td data-name={name}>{cell}</td>' for name, cell in zip(_HEADINGS, cells, strict=True))}</tr>"
    )


def _cause(cause: Cause) -> str:
    if cause.column in _NUMBERS:
        moved = f"median {cause.before:,.3g} to {cause.after:,.3g}"
    else:
        moved = f"{cause.before:.1%} to {cause.after:.1%}"
    return f"{_text(cause.kind)}: <bdi>{_text(cause.name)}</bdi> {moved}"


def _text(text: str) -> str:
    """Give a text that nobody can mistake for a part of the page; what does not print is a question mark."""
    printable = "".join(character if character.isprintable() else "\ufffd" for character in text)
    short = printable if len(printable) <= LONGEST_ITEM else f"{printable[: LONGEST_ITEM - 1]}…"
    return escape(short)

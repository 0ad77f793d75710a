"""Great Expectations' HTML pages without what they load from other servers, and with a style of their own."""

import re
from pathlib import Path

# Scripts and styles of public servers; without them all is there, but for folding and filtering.
_FROM_ELSEWHERE = re.compile(r"<script[^>]*\bsrc=\"https?:[^>]*>\s*</script>|<link[^>]*\bhref=\"https?:[^>]*>")
_STYLE = """<style>
body { font-family: sans-serif; margin: 1rem 2rem; max-width: 80rem; }
table { border-collapse: collapse; margin: 0.5rem 0; }
td, th { border: 1px solid #ccc; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
img { max-height: 2rem; }
</style>
"""


def without_other_servers(folder: Path) -> None:
    """Rewrite all pages below a folder so that a browser asks no other server for a part of them."""
    for page in folder.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(_FROM_ELSEWHERE.sub("", text).replace("</head>", _STYLE + "</head>", 1), encoding="utf-8")

"""The examples of the page about the client do what the page says."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "python-client.md"
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN_URL = "http://127.0.0.1:8000"


def test_every_example_runs_and_prints_what_is_shown_below_it(served: Any) -> None:
    names: dict[str, Any] = {}
    printed, told = "", []

    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    for language, content in blocks:
        if language == "text":
            told.append((printed, content))
            continue
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(content.replace(SHOWN_URL, served.url), PAGE.name, "exec"), names)  # noqa: S102  # our own page
        printed = output.getvalue()

    assert [shown for shown, _ in told] == [expected for _, expected in told]
    assert len(blocks) >= 14


def test_every_exception_of_the_client_stands_on_the_page() -> None:
    import tickertape.client  # noqa: PLC0415

    page = PAGE.read_text(encoding="utf-8")

    assert [name for name in tickertape.client.__all__ if name.endswith("Error") and f"`{name}`" not in page] == []

"""Evidently's report of a window."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from monitoring.drift.describing import Description
from monitoring.drift.monitor import Monitor, Verdict
from monitoring.drift.references.reference import Reference
from monitoring.drift.reports.rendering import Rendered, render
from monitoring.drift.windows import window_of

Rows = Callable[..., list[Description]]
Refer = Callable[[Sequence[Description]], Reference]


def drawings(rendered: Rendered) -> dict[str, tuple[float, bool]]:
    """Give Evidently's score of each column, and whether it says drift, from the page."""
    found = re.findall(
        r"Drift in column '(\w+)'\", \"label\": \"Data drift (not )?detected\.[^\"]*? Drift score: (-?[0-9.]+)",
        rendered.html,
    )
    return {name: (float(score), not negated) for name, negated, score in found}


@pytest.fixture
def verdict(rows: Rows, refer: Refer) -> Verdict:
    moved = [row._replace(has_link=True, text_characters=row.text_characters * 3) for row in rows(500, seed=2)]
    return Monitor(refer(rows(2000, seed=1))).judge(window_of(moved))


def test_evidently_and_the_monitor_say_the_same_of_each_column(rows: Rows, refer: Refer, verdict: Verdict) -> None:
    rendered = render(refer(rows(2000, seed=1)), window_of(rows(500, seed=2)), verdict)

    said = drawings(rendered)
    assert {name for name, (_, moved) in said.items() if moved} == {"has_link", "text_characters"}
    assert said == {
        name: (pytest.approx(score, abs=0.001), score >= 1)
        for name, score in verdict.scores.items()
        if name not in {"term", "ticker_sentiment", "dead_letters"}
    }


def test_json_is_a_snapshot_that_evidently_reads(rows: Rows, refer: Refer, verdict: Verdict) -> None:
    from evidently.core.report import Snapshot  # noqa: PLC0415  # takes seconds

    rendered = render(refer(rows(2000, seed=1)), window_of(rows(500, seed=2)), verdict)

    metrics = Snapshot.loads(rendered.json.decode()).dict()["metrics"]
    assert {metric["config"]["column"]: metric["value"] for metric in metrics}["has_link"] == verdict.scores["has_link"]
    json.loads(rendered.json, parse_constant=pytest.fail)


def test_column_that_was_not_compared_is_left_out(rows: Rows, refer: Refer) -> None:
    only = Verdict(1, "drift", {"label": 2.0, "term": 3.0}, (), (), (), {}, None)

    rendered = render(refer(rows(300, seed=1)), window_of(rows(300, seed=2)), only)

    assert drawings(rendered) == {"label": (2.0, True)}


def test_drift_of_words_alone_is_a_page_without_drawings(rows: Rows, refer: Refer) -> None:
    only = Verdict(1, "drift", {"term": 3.0}, (), (), (), {}, None)

    rendered = render(refer(rows(300, seed=1)), window_of(rows(300, seed=2)), only)

    assert drawings(rendered) == {}
    assert "<html" in rendered.html


@pytest.mark.parametrize("hostile", ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"])
def test_page_holds_no_word_and_nothing_unescaped(rows: Rows, refer: Refer, hostile: str) -> None:
    tweets = [row._replace(tickers=(hostile,), words=(b"zyzzyva",), id="12345678901") for row in rows(300, seed=1)]
    named = replace(refer(tweets), shares={"label": Counter({hostile: 300}), "ticker": Counter({hostile: 300})})
    moved = Verdict(1, "drift", {"label": 2.0, "ticker": 2.0, "label_score": 0.1}, (), (), (), {}, None)

    rendered = render(named, window_of(tweets), moved)

    own = rendered.html.split("<script>var global")[0]
    assert "_SCRIPT" in own or "_IMG" in own
    for content in (own, rendered.json.decode()):
        assert hostile not in content
        assert "alert(1)" not in content.lower().replace("_alert(1)_", "")
        assert "zyzzyva" not in content
        assert "12345678901" not in content
    assert own.count("<script>") == own.count("</script>") == 1


def test_page_asks_no_server_for_anything(rows: Rows, refer: Refer, verdict: Verdict) -> None:
    page = render(refer(rows(300, seed=1)), window_of(rows(300, seed=2)), verdict).html

    assert re.findall(r"<(?:script|link|img|iframe)[^>]*\b(?:src|href)\s*=", page.split("<script>var global")[0]) == []
    assert "<script src" not in page
    assert len(page) < 5_000_000


def test_rendering_loads_no_telemetry_and_asks_no_server() -> None:
    code = """
import sys
asked = []
sys.addaudithook(lambda event, _: asked.append(event) if event in ("socket.connect", "socket.getaddrinfo") else None)
from collections import Counter
from monitoring.drift.monitor import Verdict
from monitoring.drift.references.making import reference_of
from monitoring.drift.reports.rendering import render
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import window_of
from monitoring.drift.describing import Description
row = Description("1", 1, 1, "IPO", "neutral", .5, .1, 9, 1, .0, 1., True, True, True, True, True, True, ("A",), (b"oil",))
window = window_of([row] * 300)
reference = reference_of([window], trained=Vocabulary.of([]), model_name="m", model_version="1", source="s")
render(reference, window, Verdict(1, "quiet", {"label": 0.0, "label_score": 0.0}, (), (), (), {}, None))
print(asked, "evidently.telemetry" in sys.modules, "iterative_telemetry" in sys.modules)
"""

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (answer.stdout, answer.returncode) == ("[] False False\n", 0), answer.stderr

"""What the charts are drawn from: the page's own module, asked in the browser."""

from collections.abc import Callable
from typing import Any

import pytest

from api.page_files import page_files

pytest.importorskip("playwright.sync_api")

Buckets = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def buckets(fake: Any, open_page: Callable[..., Any]) -> Buckets:
    """Run some JavaScript with a new `history` and give its buckets."""
    page = open_page(fake.url).page
    module = f"{fake.url}page/{page_files().digest}/history.js"

    def run(code: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = page.evaluate(f"""async () => {{
          const {{ History }} = await import("{module}");
          const history = new History();
          const at = (seconds) => new Date(1_790_000_000_000 + 1000 * seconds).toISOString();
          {code}
          return history.buckets;
        }}""")
        return found

    return run


def test_ticks_of_ten_seconds_make_one_bucket_of_means_and_sums(buckets: Buckets) -> None:
    found = buckets("""
      history.add({ at: at(1), tweets_per_second: 10, latency_ms: { p50: 4 }, labels: { IPO: 1 }, sentiments: { neutral: 1 } });
      history.add({ at: at(8), tweets_per_second: 30, latency_ms: null, labels: { IPO: 2, Macro: 5 }, sentiments: {},
                    accuracy: { label: { served: { accuracy: 0.5 } } } });
      history.add({ at: at(11), tweets_per_second: null });
    """)

    assert [bucket["at"] for bucket in found] == [1_790_000_000, 1_790_000_010]
    assert (found[0]["rate"], found[0]["latency"], found[0]["served"], found[0]["batch"]) == (20, 4, 0.5, None)
    assert (found[0]["labels"], found[0]["sentiments"]) == ({"IPO": 3, "Macro": 5}, {"neutral": 1})
    assert (found[1]["rate"], found[1]["labels"]) == (None, {})


def test_what_the_server_kept_begins_where_it_began_to_look_and_goes_on(buckets: Buckets) -> None:
    found = buckets("""
      const empty = { latency_p50_ms: null, labels: {}, sentiments: {} };
      history.replace([
        { at: at(0), tweets_per_second: null, ...empty },
        { at: at(10), tweets_per_second: 100, ...empty },
        { at: at(20), tweets_per_second: 200, ...empty, labels: { IPO: 1 } },
      ]);
      history.add({ at: at(22), tweets_per_second: 300, labels: { IPO: 1 } });
    """)

    assert [bucket["rate"] for bucket in found] == [100, 250]
    assert found[1]["labels"] == {"IPO": 2}


def test_no_more_than_fifteen_minutes_are_kept(buckets: Buckets) -> None:
    found = buckets(
        "for (let second = 0; second < 2000; second++) history.add({ at: at(second), tweets_per_second: 1 });"
    )

    assert len(found) == 90
    assert found[-1]["at"] == 1_790_000_000 + 1990


def test_a_clock_that_steps_back_adds_to_the_newest_bucket(buckets: Buckets) -> None:
    found = buckets("""
      history.add({ at: at(100), tweets_per_second: 1 });
      history.add({ at: at(50), tweets_per_second: 3 });
    """)

    assert [(bucket["at"], bucket["rate"]) for bucket in found] == [(1_790_000_100, 2)]

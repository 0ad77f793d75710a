"""The live page: what it weighs, and how soon a browser shows it.

    python tests/benchmarks/page.py

One API process of this machine without Kafka, headless Chromium on the same cores. Each load is a browser context of its
own, so nothing is cached; the last lines are loads of a context that has been there before.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from playwright.sync_api import BrowserContext, sync_playwright

from api.page_files import page_files

LOADS = 20
TIMES = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return paint ? [paint.startTime, navigation.domContentLoadedEventEnd, navigation.loadEventEnd] : null;
}"""
SENT = """() => [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
  .filter((one) => !one.name.endsWith("/live")).map((one) => one.transferSize).reduce((sum, size) => sum + size, 0)"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--loads", type=int, default=LOADS)
    loads = arguments.parse_args().loads
    print_weight()
    with serving() as url, sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        print(f"\n{loads} loads, Chromium {browser.version}, milliseconds: median (largest)")
        print(f"{'':8}{'first paint':>16}{'content there':>16}{'all loaded':>16}{'bytes sent':>12}")
        load(browser.new_context(), url)  # the first one starts the browser's own processes
        print_times("cold", [load(browser.new_context(), url) for _ in range(loads)])
        again = browser.new_context()
        load(again, url)
        print_times("again", [load(again, url) for _ in range(loads)])
        browser.close()


def print_weight() -> None:
    files = page_files()
    named = {"index.html": files.index, **files.named}
    print(f"{'file':20}{'bytes':>10}{'in gzip':>10}")
    for name, file in sorted(named.items(), key=lambda pair: -len(pair[1].packed)):
        print(f"{name:20}{len(file.content):>10,}{len(file.packed):>10,}")
    print(
        f"{'all':20}{sum(len(f.content) for f in named.values()):>10,}{sum(len(f.packed) for f in named.values()):>10,}"
    )


@contextlib.contextmanager
def serving() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, "-m", "tickertape", "serve", "--port", "0", "--json"],
            env=os.environ | {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "TICKERTAPE_HOME": home},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"] + "/"
        finally:
            process.terminate()
            process.wait()


def load(context: BrowserContext, url: str) -> tuple[float, ...]:
    page = context.new_page()
    page.goto(url)
    times = page.wait_for_function(TIMES).json_value()
    sent: float = page.evaluate(SENT)
    page.close()
    return (*times, sent)


def print_times(name: str, loads: list[tuple[float, ...]]) -> None:
    *times, sent = zip(*loads, strict=True)
    cells = [f"{statistics.median(one):.0f} ({max(one):.0f})" for one in times]
    print(f"{name:8}" + "".join(f"{cell:>16}" for cell in cells) + f"{statistics.median(sent):>12,.0f}")


if __name__ == "__main__":
    main()

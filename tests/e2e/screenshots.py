"""Take the pictures of the live page that the docs show: the demo, some labels, a browser.

make screenshots
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from stream.feed.generator import GeneratedTweet, generate

IMAGES = Path(__file__).parents[2] / "docs" / "images"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SHOTS: dict[str, dict[str, Any]] = {
    "live-dark": {"viewport": DESK, "color_scheme": "dark"},
    "live-light": {"viewport": DESK, "color_scheme": "light"},
    "live-phone": {"viewport": PHONE, "color_scheme": "dark", "device_scale_factor": 2},
}
EXAMPLE = "$AAPL beats estimates and raises its dividend"
ROUNDS = 20  # of labels, while the feed runs
LABELS_A_ROUND = 60
COLOURS = 256  # a third of the bytes, and nothing that the eye misses
TICKERTAPE = [sys.executable, "-m", "tickertape"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=240.0, help="how long the feed runs before")
    seconds = arguments.parse_args().seconds
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("no Chromium: install Debian's package `chromium`, or put one into PATH")
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder)) as (url, servers):
        tweets = generate(7, malformed_share=0, wrapped_share=0)
        for _ in range(ROUNDS):
            give_labels(Path(folder), servers, islice(tweets, LABELS_A_ROUND))
            time.sleep(seconds / ROUNDS)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for name, options in SHOTS.items():
                take(browser, url, IMAGES / f"{name}.png", **options)
            browser.close()


@contextmanager
def demo(folder: Path) -> Iterator[tuple[str, str]]:
    """Run the demo; gives the page's address and Kafka's."""
    environment = {name: value for name, value in os.environ.items() if name != "KAFKA_BOOTSTRAP_SERVERS"}
    process = subprocess.Popen(
        [*TICKERTAPE, "demo"],
        env=environment | {"TICKERTAPE_HOME": str(folder), "DEMO_SECONDS": "0"},
        stdout=(folder / "screen").open("wb"),
    )
    try:
        said = ""
        while not (found := re.search(r"open (http\S+/) ", said)):
            time.sleep(0.2)
            said = (folder / "screen").read_text()
            if process.poll() is not None:
                sys.exit(said)
        yield found[1], re.search(r"answers at (\S+)", said)[1]  # type: ignore[index]  # it is said before
    finally:
        process.terminate()
        process.wait()


def give_labels(folder: Path, servers: str, tweets: Iterable[GeneratedTweet]) -> None:
    """Say what made-up tweets really are: there is something to learn, and to be measured by."""
    lines = [
        {
            "tweet_id": tweet.id,
            "text": json.loads(tweet.value or b"")["text"],
            "label": tweet.label,
            "sentiment": tweet.sentiment,
        }
        for tweet in tweets
    ]
    truth = folder / "truth.jsonl"
    truth.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": servers, "TICKERTAPE_HOME": str(folder)}
    subprocess.run([*TICKERTAPE, "label", str(truth)], env=environment, check=True, stdout=subprocess.DEVNULL)


def take(browser: Browser, url: str, target: Path, **options: Any) -> None:
    """Open the page, try a tweet on it, and keep what is seen at its top."""
    page = browser.new_context(reduced_motion="reduce", **options).new_page()
    page.goto(url)
    page.locator("#tweets li").first.wait_for()
    page.locator("#try-text").fill(EXAMPLE)
    page.locator("#try-send").click()
    page.locator("#try-answer table").first.wait_for()
    page.mouse.move(0, 0)  # the list holds still under a pointer
    page.evaluate("scrollTo(0, 0)")
    time.sleep(3)
    page.screenshot(path=target)
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size:,} bytes")  # noqa: T201  # what it is run for


if __name__ == "__main__":
    main()

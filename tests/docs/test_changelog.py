"""The changelog speaks of the version that the package has."""

import re
import tomllib
from datetime import date
from pathlib import Path

import tickertape

ROOT = Path(tickertape.__file__).parents[1]
HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>\S+))?$", re.MULTILINE)


def headings() -> list[re.Match[str]]:
    return list(HEADING.finditer((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))


def test_newest_version_is_the_package_version() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        version = tomllib.load(stream)["project"]["version"]

    unreleased, newest = headings()[:2]

    assert unreleased["version"] == "Unreleased"
    assert newest["version"] == version


def test_every_released_version_has_a_date_and_newer_ones_come_first() -> None:
    dates = [date.fromisoformat(heading["date"]) for heading in headings()[1:]]

    assert dates == sorted(dates, reverse=True)
    assert len(dates) >= 1

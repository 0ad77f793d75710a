"""Ask the advisory service of the package registry for known weaknesses of all that is locked: `make audit`.

Where the service does not answer or knows none of the packages, nothing was audited: that is said aloud, and is no failure.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
PROBE = REQUIREMENTS / "install.lock"  # one package: enough to see whether the service answers at all
LOCKS = (REQUIREMENTS / "dev.lock",)  # has all that the others have, but for the teacher's
SECONDS = 600


@dataclass
class Audit:
    """What became of the packages.

    Attributes:
        clean: names of those without a known weakness.
        weak: a line for each weakness that is known.
        unknown: names of those that the service does not know.
    """

    clean: list[str] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def judged(report: str) -> Audit:
    """Read what pip-audit wrote; a report that is none is one of nothing.

    >>> judged('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}').clean
    ['a']
    """
    audit = Audit()
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return audit
    for package in packages:
        if "skip_reason" in package:
            audit.unknown.append(package["name"])
        elif not package["vulns"]:
            audit.clean.append(package["name"])
        for found in package.get("vulns", ()):
            mended = ", ".join(found["fix_versions"]) or "no version yet"
            audit.weak.append(f"{package['name']} {package['version']}: {found['id']}, mended in {mended}")
    return audit


def verdict(audit: Audit) -> tuple[str, int]:
    """Give what to say and the exit code.

    >>> verdict(Audit(unknown=["a"]))[1], verdict(Audit(weak=["a 1: X-1, mended in 2"]))[1]
    (0, 1)
    """
    if audit.weak:
        return "\n".join(["KNOWN WEAKNESSES:", *audit.weak]), 1
    if not audit.clean:
        return "NO PACKAGE WAS AUDITED: no advisory service answers here, or it knows none of them", 0
    missing = f"; NOT AUDITED: {', '.join(audit.unknown)}" if audit.unknown else ""
    return f"{len(audit.clean)} packages have no known weakness{missing}", 0


def audited(locks: Iterable[Path]) -> Audit:
    """Ask of all packages in some locks."""
    chosen = [word for lock in locks for word in ("--requirement", str(lock))]
    options: Sequence[str] = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json")
    command = [sys.executable, "-m", "pip_audit", *options, *chosen]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    return judged(done.stdout)


def main() -> int:
    """Audit, unless the service knows nothing here anyway."""
    probe = audited([PROBE])
    said, code = verdict(audited(LOCKS) if probe.clean or probe.weak else probe)
    sys.stdout.write(f"{said}\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())

"""Let a registered version answer, if it passes the gate; or go back to the version before.

VERSION is a number or an alias, such as challenger. The gate checks the files' sha256, plain tweets that every model
must understand, quality against floors and against the version that answers now, and the time that answers take. When
all is passed, the alias that answers (MLFLOW_MODEL_ALIAS) moves to VERSION, and a checkout gets its report as
config/run.json. Else the reasons are printed, nothing moves, and the command ends with 1.

  tickertape promote challenger
  tickertape promote --rollback
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from config import settings
from models.behaviour import behaviour_problems
from models.errors import ModelError

if TYPE_CHECKING:
    from models.promotion.promote import Promotion, PromotionTarget

_CONFIG = Path(settings.__file__).parent
_CHECKOUT_MARK = _CONFIG.parent / "pyproject.toml"  # an installed package has none beside it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to promote, or that it goes back."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("version", nargs="?", metavar="VERSION", help="number or alias of a registered version")
    what.add_argument("--rollback", action="store_true", help="go back to the version that answered before")
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="folder with the labelled tweets, to compare on (default: TICKERTAPE_DATA_DIR, or data)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(arguments: argparse.Namespace) -> int:
    """Promote or go back; returns 0, or 1 when the gate refuses the version."""
    folder = (arguments.data_dir or settings.ProjectSettings().data_dir).expanduser()
    promotion = _roll_back() if arguments.rollback else promote_version(arguments.version, data_dir=folder)
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(promotion).decode() + "\n")
    else:
        print_promotion(promotion)
    return 0 if promotion.promoted else 1


def promote_version(wanted: str, *, data_dir: Path) -> "Promotion":
    """Put a version of the configured registry through the gate.

    Raises:
        ModelError: see `models.promotion.promote.promote`, or the libraries are not there.
    """
    target = _target()
    from models.promotion.promote import promote  # noqa: PLC0415  # costs seconds, which `--help` need not pay

    return promote(target, wanted, data_dir=data_dir, behaviour=behaviour_problems)


def print_promotion(promotion: "Promotion") -> None:
    """Print the checks as a table, and what became of the version."""
    from rich.console import Console  # noqa: PLC0415  # `--help` needs none of it
    from rich.table import Table  # noqa: PLC0415  # as above

    console = Console()
    table = Table(title=f"gate of {promotion.model_name} version {promotion.version}")
    for column in ("check", "", "seen", "allowed"):
        table.add_column(column)
    for check in promotion.checks:
        table.add_row(check.name, "ok" if check.passed else "FAIL", check.seen, check.allowed)
    if promotion.checks:
        console.print(table, markup=False)
    console.print(_outcome(promotion), soft_wrap=True, highlight=False, markup=False)


def _outcome(promotion: "Promotion") -> str:
    if promotion.version == promotion.previous_version:
        return f"{promotion.model_alias} is version {promotion.version} already"
    if promotion.promoted:
        before = f" (before: {promotion.previous_version})" if promotion.previous_version else ""
        return f"{promotion.model_alias} is version {promotion.version} now{before}"
    reasons = ", ".join(check.name for check in promotion.checks if not check.passed)
    return (
        f"refused: version {promotion.version} fails {reasons}; {promotion.model_alias} stays "
        f"{promotion.previous_version or 'unset'}"
    )


def _roll_back() -> "Promotion":
    target = _target()
    from models.promotion.promote import roll_back  # noqa: PLC0415  # as above

    return roll_back(target)


def _target() -> "PromotionTarget":
    project, registry = settings.ProjectSettings(), settings.RegistrySettings()
    try:
        from models.promotion.promote import PromotionTarget  # noqa: PLC0415  # as above
        from models.registry import existing_store  # noqa: PLC0415  # as above
    except ModuleNotFoundError as exc:
        raise ModelError(f"promoting needs {exc.name}, which is not installed here; run `make venv`") from exc
    store = existing_store(tracking_uri=registry.uri(project.home), model_name=registry.model_name)
    return PromotionTarget(
        store=store,
        model_alias=registry.model_alias,
        report_file=_CONFIG / "run.json" if _CHECKOUT_MARK.exists() else None,
    )

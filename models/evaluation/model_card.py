"""The part of docs/model-card.md that `tickertape evaluate --card` writes: tables between two marks, and pictures."""

from collections.abc import Iterator
from pathlib import Path

from models.errors import ModelError
from models.evaluation.findings import Findings
from models.evaluation.pictures import care_picture, evaluation_pictures
from models.evaluation.sheets import Sheet, findings_sheets
from models.files import write_whole
from models.markdown import around, table

BEGIN = "<!-- written by `tickertape evaluate --card`: begin -->"
END = "<!-- written by `tickertape evaluate --card`: end -->"

_PICTURES = "images"


def write_figures(findings: Findings, card: Path) -> None:
    """Replace what stands between the marks of a card, and the pictures in `images` beside it.

    Raises:
        ModelError: the card can't be read or written, or lacks the marks.
    """
    before, after = read_around(card)
    try:
        (card.parent / _PICTURES).mkdir(exist_ok=True)
        pictures = evaluation_pictures(findings.evaluation) | (care_picture(findings.care) if findings.care else {})
        for name, content in pictures.items():
            write_whole(card.parent / _PICTURES / name, content)
        write_whole(card, f"{before}{BEGIN}\n\n{figures(findings)}\n{END}{after}".encode())
    except OSError as exc:
        raise ModelError(f"{exc.filename} can't be written ({exc.strerror}): choose another model card") from exc


def read_around(card: Path) -> tuple[str, str]:
    """Read what stands before and after the marks of a card.

    Raises:
        ModelError: the card can't be read, or lacks the marks.
    """
    try:
        text = card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ModelError(
            f"{card} can't be read ({type(exc).__name__}): give the Markdown file of a model card"
        ) from exc
    return around(text, (BEGIN, END), name=str(card))


def figures(findings: Findings) -> str:
    """Tell all findings in Markdown."""
    return "\n".join(line for sheet in findings_sheets(findings) for line in _markdown(sheet))


def _markdown(sheet: Sheet) -> Iterator[str]:
    yield f"### {sheet.heading}\n"
    for shows, name in sheet.pictures:
        yield f"![{shows}]({_PICTURES}/{name})\n"
    yield from table(sheet.columns, sheet.rows)
    yield f"\n{sheet.note}\n" if sheet.note else ""

"""Markdown that commands write: tables, and the part of a page between two marks."""

from collections.abc import Iterator, Sequence

from models.errors import ModelError


def around(page: str, marks: tuple[str, str], *, name: str) -> tuple[str, str]:
    """Give what stands before the first mark of a page, and after the second.

    Args:
        page: in Markdown.
        marks: of the begin and the end of a part.
        name: of the page, for the error.

    Raises:
        ModelError: the page lacks the marks.

    >>> around("by hand [ written ] by hand", ("[", "]"), name="card.md")
    ('by hand ', ' by hand')
    """
    begin, end = marks
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ModelError(f"{name} lacks the lines {begin!r} and {end!r}: put them where the part is to stand")
    return before, after


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, word_columns: int = 1) -> Iterator[str]:
    r"""Give the lines of a table; the first `word_columns` columns hold words, the others numbers.

    >>> print(*table(("class", "tweets"), [("Fed | Central Banks", "7")]), sep="\n")
    | class | tweets |
    | --- | ---: |
    | Fed \| Central Banks | 7 |
    """
    yield _row(columns)
    yield _row(["---"] * word_columns + ["---:"] * (len(columns) - word_columns))
    for cells in rows:
        yield _row([cell.replace("|", r"\|") for cell in cells])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

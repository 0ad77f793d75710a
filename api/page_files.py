"""The files of the live page as they are served: read once, packed once, under a name that says what is in them."""

import gzip
import hashlib
import html
import logging
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from models.taxonomy import LABELS, SENTIMENTS

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).with_name("pages")
INDEX = "index.html"
# uPlot 1.6.31 as its author released it. The package that carries it is somebody else's; its code is not used.
PLOTTING_PACKAGE = "youplot"
PLOTTING_SHA256 = {
    "uplot.iife.min.js": "2d27e8ad3d228164525ce213f9dc716f39b4e3aee0cc773fb3491c96cf4921a2",
    "uplot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
_PLOTTING_TAGS = """<link rel="stylesheet" href="page/@digest@/uplot.min.css">
<script src="page/@digest@/uplot.iife.min.js" defer></script>
"""
_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
_DIGEST_CHARACTERS = 16


@dataclass(frozen=True)
class PageFile:
    """One file.

    Attributes:
        content: its bytes.
        packed: the same in gzip.
        media_type: for `Content-Type`.
        etag: weak, since both forms have it.
    """

    content: bytes
    packed: bytes
    media_type: str
    etag: str


@dataclass(frozen=True)
class PageFiles:
    """All files of the page.

    Attributes:
        digest: of all but the index, which names it: another content has another address.
        index: the page itself.
        named: the others by name.
    """

    digest: str
    index: PageFile
    named: dict[str, PageFile]


@cache
def page_files() -> PageFiles:
    """Read the files, once in a process."""
    contents = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}
    index = contents.pop(INDEX).decode()
    plotting = plotting_code(_plotting_folder())
    contents |= plotting
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\0".encode())
    address = digest.hexdigest()[:_DIGEST_CHARACTERS]
    for place, written in (
        ("@plotting@", _PLOTTING_TAGS if plotting else ""),
        ("@digest@", address),
        ("@labels@", _options(LABELS)),
        ("@sentiments@", _options(SENTIMENTS)),
    ):
        index = index.replace(place, written)
    return PageFiles(
        address, _file(INDEX, index.encode()), {name: _file(name, found) for name, found in contents.items()}
    )


def plotting_code(folder: Path | None) -> dict[str, bytes]:
    """Read uPlot, if it is what its author released; without it the page shows figures and no charts.

    Args:
        folder: where its package keeps it; None if that is not installed.
    """
    found: dict[str, bytes] = {}
    for name, expected in PLOTTING_SHA256.items():
        path = None if folder is None else folder / name
        content = path.read_bytes() if path is not None and path.is_file() else b""
        seen = hashlib.sha256(content).hexdigest()
        if seen != expected:
            logger.error("plotting_code_refused", extra={"file": name, "sha256": seen, "package": PLOTTING_PACKAGE})
            return {}
        found[name] = content
    return found


def _plotting_folder() -> Path | None:
    package = find_spec(PLOTTING_PACKAGE)
    return None if package is None or package.origin is None else Path(package.origin).parent / "vendor"


def _options(names: tuple[str, ...]) -> str:
    return "".join(f"<option>{html.escape(name)}</option>" for name in names)


def _file(name: str, content: bytes) -> PageFile:
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:_DIGEST_CHARACTERS]}"'
    return PageFile(content, gzip.compress(content, mtime=0), _TYPES[Path(name).suffix], etag)

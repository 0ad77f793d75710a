"""Records the demo for the documentation: runs it, and draws its screen as it was at the end.

    python -m tests.docs.record_demo            # writes docs/images/demo.svg

What is drawn is what `tickertape demo` wrote, colours and all; nothing is made up but the tweets, as always in the demo. The
picture asks no server for a font.
"""

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

import tickertape

PICTURE = Path(tickertape.__file__).parents[1] / "docs" / "images" / "demo.svg"
COLUMNS, LINES = 112, 40
SECONDS = 12
FONTS = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)  # of the SVG; they would come from another server
# What rich writes: it goes up and erases a line before it writes it anew, and colours stand in the text.
PIECES = re.compile(
    r"\x1b\[(?P<up>\d+)A|(?P<erase>\x1b\[2K)|(?P<down>\n)|(?P<text>(?:[^\x1b\r\n]|\x1b\[[\d;]*m)+)|\r|\x1b\[\?25[hl]"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="record_demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=PICTURE, help="the picture (%(default)s)")
    arguments = parser.parse_args()
    arguments.output.write_text(drawn(run_demo()), encoding="utf-8")
    sys.stdout.write(f"written: {arguments.output}\n")


def run_demo() -> str:
    """Run the demo on a terminal of a known size; gives what it wrote."""
    settings = {
        "COLUMNS": str(COLUMNS),
        "LINES": str(LINES),
        "FORCE_COLOR": "1",
        "TERM": "xterm-256color",
        "DEMO_SECONDS": str(SECONDS),
    }
    environment = {name: value for name, value in os.environ.items() if name != "KAFKA_BOOTSTRAP_SERVERS"}
    with tempfile.TemporaryDirectory(prefix="tickertape-demo-") as folder:
        ended = subprocess.run(
            [sys.executable, "-m", "tickertape", "demo"],
            env=environment | settings | {"TICKERTAPE_HOME": folder},
            stdout=subprocess.PIPE,  # as bytes: text would make new lines of carriage returns
            check=True,
        )
    return ended.stdout.decode()


def last_screen(written: str) -> str:
    r"""Keep what is to be seen at the end, of what was drawn again and again.

    >>> last_screen("start\n1 tweet\r\x1b[2K2 tweets\nof 3\r\x1b[2K\x1b[1A\x1b[2K4 tweets\n")
    'start\n4 tweets\n'
    """
    lines, row = [""], 0
    for piece in PIECES.finditer(written):
        if piece["up"]:
            row -= int(piece["up"])
        elif piece["erase"]:
            lines[row] = ""
        elif piece["down"]:
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece["text"]:
            lines[row] += piece["text"]
    return "\n".join(lines)


def drawn(written: str) -> str:
    """Draw a screen as SVG."""
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), highlight=False)
    console.print(Text.from_ansi("$ make demo\n" + last_screen(written)), overflow="fold")
    return console.export_svg(title="make demo", code_format=FONTS.sub("", CONSOLE_SVG_FORMAT), unique_id="demo")


if __name__ == "__main__":
    main()

"""The metrics of several processes that share a port: whichever is asked gives those of all."""

import logging
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

from monitoring.metrics import exposition

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0  # a process takes milliseconds; one that hangs must not hold up the others' figures
_SOCKETS = "{}.sock"
_RECEIVED_BYTES = 65_536


class ProcessMetrics:
    """The metrics of one process among others, in a folder where each has a socket.

    Args:
        folder: that no other user can read.
        number: the process's own, the label `process` of its samples.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._number = number

    def answer(self) -> None:
        """Answer the other processes, in a thread that ends with the process; also while the event loop hangs."""
        path = self._folder / _SOCKETS.format(self._number)
        path.unlink(missing_ok=True)  # of a process that had the number before, and died
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=_answer, args=(listener,), name="answer-metrics", daemon=True).start()

    def exposition(self) -> bytes:
        """Give the metrics of all processes that live; one that does not answer in `ANSWER_SECONDS` is left out."""
        found = {self._number: exposition()}
        for path in self._folder.glob(_SOCKETS.format("*")):
            number = int(path.stem)
            if number == self._number:
                continue
            try:
                found[number] = _asked(path)
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)  # it has died
            except OSError as exc:
                logger.warning("process_metrics_missing", extra={"of_process": number, "error": str(exc)})
        return merged(found)


def merged(expositions: Mapping[int, bytes]) -> bytes:
    r"""Write several processes' metrics as one: each sample gets the label `process`.

    Args:
        expositions: each process's, in Prometheus' text format, by its number.

    >>> merged({2: b'# HELP n Some.\n# TYPE n gauge\nn{a="b"} 1.0\n', 1: b"# HELP n Some.\n# TYPE n gauge\nn 0.0\n"})
    b'# HELP n Some.\n# TYPE n gauge\nn{process="1"} 0.0\nn{process="2",a="b"} 1.0\n'
    """
    described: dict[str, dict[str, str]] = {}  # of a family `# HELP` and `# TYPE`, as the first process has them
    samples: dict[str, list[str]] = {}
    for number, text in sorted(expositions.items()):
        family = ""
        for line in text.decode().splitlines():
            if line.startswith("# "):
                family = line.split(" ", 3)[2]
                described.setdefault(family, {}).setdefault(line[: len("# HELP")], line)
            else:
                samples.setdefault(family, []).append(_labelled(line, f'process="{number}"'))
    lines = (line for family, own in samples.items() for line in [*described[family].values(), *own])
    return "".join(f"{line}\n" for line in lines).encode()


def _labelled(sample: str, label: str) -> str:
    name, brace, rest = sample.partition("{")
    if " " in name:  # no labels yet; a brace further on would be in no sample
        name, _, value = sample.partition(" ")
        return f"{name}{{{label}}} {value}"
    return f"{name}{brace}{label},{rest}"


def _answer(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(ANSWER_SECONDS)
            try:
                connection.sendall(exposition())
            except OSError:  # who asked did not wait
                continue


def _asked(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(str(path))
        parts = []
        while part := connection.recv(_RECEIVED_BYTES):
            parts.append(part)
    return b"".join(parts)

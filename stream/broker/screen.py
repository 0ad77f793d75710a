"""How a person sees the broker's start: a progress bar, and a line for what goes on in the background."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from stream.broker.options import Progress as ProgressCallback
from stream.broker.options import Step


@contextmanager
def show_progress(console: Console) -> Iterator[ProgressCallback]:
    """Give a callback for `EmbeddedKafka` that shows its steps on the console.

    Args:
        console: usually standard error. On a terminal the download is a bar that goes away; else it is one line.
    """
    screen = _Screen(console)
    try:
        yield screen.show
    finally:
        screen.end_bar()


class _Screen:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None

    def show(self, step: Step, done: int, total: int) -> None:
        if step is Step.DOWNLOAD:
            self._show_download(done, total)
        elif step is Step.FAST_START:
            self._show_fast_start(done, total)
        elif not done:
            self.end_bar()

    def end_bar(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.stop()

    def _show_download(self, done: int, total: int) -> None:
        if self._bar is None:
            if not self._console.is_terminal and not done:
                self._console.print(f"Downloading Kafka, {total / 1e6:.3g} MB, once.", highlight=False, soft_wrap=True)
            self._bar = Progress(
                TextColumn("Downloading Kafka, once"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
                disable=not self._console.is_terminal,
            )
            self._bar.add_task("download", total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done)

    def _show_fast_start(self, done: int, total: int) -> None:
        if done:
            self._console.print("Done: from now on Kafka starts in half the time.", highlight=False, soft_wrap=True)
        elif total:
            self._console.print(
                "In the background, once: making Java's start-up cache, so that Kafka starts in half the time.",
                highlight=False,
                soft_wrap=True,
            )

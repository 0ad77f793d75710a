"""What a person sees while the broker starts."""

import io

from rich.console import Console

from stream.broker import Step, show_progress


def _shown(*steps: tuple[Step, int, int], is_terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=is_terminal, width=100)
    with show_progress(console) as progress:
        for step in steps:
            progress(*step)
    return out.getvalue()


def test_download_into_a_file_is_one_line() -> None:
    shown = _shown(
        (Step.DOWNLOAD, 0, 45_000_000),
        (Step.DOWNLOAD, 20_000_000, 45_000_000),
        (Step.DOWNLOAD, 45_000_000, 45_000_000),
        (Step.START, 0, 1),
        (Step.START, 1, 1),
        is_terminal=False,
    )

    assert shown == "Downloading Kafka, 45 MB, once.\n"


def test_download_on_a_terminal_is_a_bar_with_bytes() -> None:
    shown = _shown((Step.DOWNLOAD, 0, 45_000_000), (Step.DOWNLOAD, 45_000_000, 45_000_000), is_terminal=True)

    assert "45.0/45.0 MB" in shown


def test_start_up_cache_is_announced_when_it_begins_and_when_it_is_done() -> None:
    shown = _shown((Step.FAST_START, 0, 1), (Step.FAST_START, 1, 1), is_terminal=False)

    begun, done = shown.splitlines()
    assert begun.startswith("In the background, once")
    assert done.startswith("Done")


def test_start_up_cache_that_was_given_up_is_not_said_to_be_done() -> None:
    shown = _shown((Step.FAST_START, 0, 1), (Step.FAST_START, 0, 0), is_terminal=False)

    assert "Done" not in shown

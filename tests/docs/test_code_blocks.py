"""README, tutorial, how-to guides and reference do what they say: their code blocks are run, on a real Kafka."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.docs.blocks import Block, blocks_of, commands_of, has_shape, pages, read_blocks
from tests.docs.conftest import Account, System
from tests.docs.session import Session

TUTORIAL = Path("docs/tutorial.md")
SHOWN_API = "127.0.0.1:8000"
CLUSTERS = ("kafka-1.example:9092,kafka-2.example:9092", "kafka-1.example.org:9092,kafka-2.example.org:9092")
SHOWN = {"json", "text", "mermaid", "yaml", "ini", "nginx"}  # read by people and other programs
# Great Expectations; two more brokers; Evidently; three servers that start. Other tests do each of these in CI.
SLOW = ("data-tests.md", "kafka.md", "read-a-drift-report.md", "secure-the-api.md")
GUIDES = [
    pytest.param(page, id=page.name, marks=[pytest.mark.slow, pytest.mark.timeout(600)] if page.name in SLOW else [])
    for page in pages()
    if page != TUTORIAL and any(block.is_runnable for block in read_blocks(page))
]


def follow(page: Path, session: Session, account: Account) -> None:
    """Run the blocks of a page in their order, and keep account of them."""
    for block in read_blocks(page):
        if block.left_out:
            account.left_out.append(block)
        elif block.is_runnable or block.is_output:
            session.run(block)
            if block.is_runnable:
                account.run.append(block)
    session.end()


@pytest.mark.integration
@pytest.mark.parametrize("page", GUIDES)
def test_blocks_of_a_page_do_what_the_page_says(
    page: Path, system: System, open_session: Callable[..., Session], account: Account, free_ports: tuple[int, int]
) -> None:
    own, other = free_ports
    addresses = {
        SHOWN_API: system.url.removeprefix("http://"),
        "localhost:8000": system.url.removeprefix("http://"),
        "desk-server:8000": f"127.0.0.1:{own}",  # a second API, that the page starts
        "API_PORT=8001": f"API_PORT={other}",
        **dict.fromkeys(CLUSTERS, system.servers),
    }
    session = open_session(addresses, KAFKA_BOOTSTRAP_SERVERS=system.servers, API_PORT=str(own))

    follow(page, session, account)


@pytest.mark.integration
def test_tutorial_leads_from_nothing_to_an_own_feed(
    open_session: Callable[..., Session], account: Account, free_ports: tuple[int, int]
) -> None:
    kafka, api = free_ports
    servers = f"127.0.0.1:{kafka}"
    addresses = {
        "tickertape broker": f"tickertape broker --port {kafka}",
        SHOWN_API: f"127.0.0.1:{api}",
        "127.0.0.1:9092": servers,
        **dict.fromkeys(CLUSTERS, servers),
    }
    session = open_session(addresses, API_PORT=str(api))

    follow(TUTORIAL, session, account)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_block_is_run_or_has_a_reason_or_is_of_a_language_that_is_read_only(page: Path) -> None:
    blocks = read_blocks(page)

    unknown = [block.place for block in blocks if not block.is_runnable and block.language not in SHOWN]
    without_reason = [block.place for block in blocks if "left out" in block.notes and not block.left_out]

    assert unknown == []
    assert without_reason == []


def test_note_belongs_to_the_block_below_it_alone() -> None:
    text = "<!-- left out: needs Docker -->\n```sh\nmake up\n```\n\n```sh\nls\n```\n"

    blocks = list(blocks_of(text, "page.md"))

    assert [(block.place, block.left_out) for block in blocks] == [("page.md:2", "needs Docker"), ("page.md:6", "")]


def test_note_with_words_between_it_and_the_block_is_none() -> None:
    text = "<!-- left out: needs Docker -->\n\nSome words.\n\n```sh\nls\n```\n"

    (block,) = blocks_of(text, "page.md")

    assert block.notes == {}


def test_block_of_a_list_is_found() -> None:
    text = "1. Ask it:\n\n   <!-- fails: 1 -->\n   ```sh\n   ls nowhere\n   ```\n"

    (block,) = blocks_of(text, "page.md")

    assert (block.code, block.notes) == ("ls nowhere\n", {"fails": "1"})


def test_console_block_is_taken_apart_into_commands_and_what_they_print() -> None:
    block = Block("page.md:1", "console", "$ echo a \\\n    b\na b\n$ true\n", {})

    assert commands_of(block) == [("echo a \\\n    b\n", "a b\n"), ("true\n", "")]


@pytest.mark.parametrize(
    ("printed", "shown", "expected"),
    [
        ("sent 12 labels, all acknowledged", "sent 3 labels", True),
        ("sent 12 labels", "sent 3 letters", False),
        ("model 0a1b2c3d at 2026-01-02T03:04:05.678Z", "model ffee0011 at 2025-11-12T13:14:15.000Z", True),
        ("one\ntwo\nthree", "one\n...\nthree", True),
        ("one\nthree", "one\n...\ntwo", False),
    ],
)
def test_shape_of_what_is_shown_is_compared_and_not_its_numbers(printed: str, shown: str, *, expected: bool) -> None:
    assert has_shape(printed, shown) is expected


@pytest.fixture
def session(open_session: Callable[..., Session]) -> Session:
    return open_session({"shop:1": "here:2"})


def make_block(code: str, *, language: str = "sh", notes: Mapping[str, str] | None = None) -> Block:
    return Block("page.md:1", language, code, notes or {})


def test_variables_and_folder_go_from_one_block_to_the_next(session: Session) -> None:
    session.run(make_block("export NAME=tape\nmkdir shelf\ncd shelf\n"))

    session.run(make_block('$ echo "$NAME $(basename "$PWD")"\ntape shelf\n', language="console"))


def test_names_go_from_one_python_block_to_the_next_and_its_output_is_compared(session: Session) -> None:
    session.run(make_block("kept = 'shop:1'\n", language="python"))
    session.run(make_block("print(kept)\n", language="python"))

    session.run(make_block("here:2\n", language="text", notes={"output": ""}))


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (make_block("false\n"), "page.md:1 ended with 1"),
        (make_block("true\n", notes={"fails": "1"}), "page.md:1 ended with 0"),
        (make_block("$ echo a\nb\n", language="console"), "page.md:1 shows"),
        (make_block("true\n", notes={"given": "false"}), "page.md:1 ended with 1"),
        (make_block("exit 3\n", notes={"goes on": "ready"}), "page.md:1 ended with 3"),
    ],
)
def test_block_that_does_something_else_is_noticed(session: Session, block: Block, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        session.run(block)


def test_what_goes_on_is_ended_with_ctrl_c_and_has_to_end_well(session: Session) -> None:
    session.run(make_block("trap 'exit 0' INT; echo ready; sleep 60 & wait\n", notes={"goes on": "ready"}))
    session.run(make_block("trap 'exit 7' INT; echo ready; sleep 60 & wait\n", notes={"goes on": "ready"}))

    with pytest.raises(AssertionError, match=r"\('page.md:1', 7\)"):
        session.end()


def test_every_exception_of_the_client_stands_on_its_page() -> None:
    import tickertape.client  # noqa: PLC0415

    (page,) = [path for path in pages() if path.name == "python-client.md"]
    text = page.read_text(encoding="utf-8")

    assert [name for name in tickertape.client.__all__ if name.endswith("Error") and f"`{name}`" not in text] == []

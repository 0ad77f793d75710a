import gzip
import re
from pathlib import Path

import httpx
import pytest

from api.page_files import FOLDER, PLOTTING_SHA256, page_files, plotting_code
from models.taxonomy import LABELS, SENTIMENTS

LINKED = re.compile(r'(?:src|href)="(page/[^"]+)"')


async def test_the_root_is_the_page_and_may_load_nothing_but_its_own_files(client: httpx.AsyncClient) -> None:
    response = await client.get("/")

    policy = response.headers["content-security-policy"]
    assert response.status_code == httpx.codes.OK
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-cache"
    assert not re.search(r"<script(?! src=)|<style|\son\w+=|\sstyle=|https?:|@\w+@", response.text)


async def test_every_file_that_the_page_names_is_there_and_may_be_kept_for_ever(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    modules = re.findall(r'from "\./(\w+\.js)"', "".join(path.read_text() for path in FOLDER.glob("*.js")))
    folder = f"page/{page_files().digest}"

    answers = {
        path: await client.get(f"/{path}") for path in {*LINKED.findall(page), *(f"{folder}/{m}" for m in modules)}
    }

    assert {answer.status_code for answer in answers.values()} == {httpx.codes.OK}
    assert {answer.headers["cache-control"] for answer in answers.values()} == {"public, max-age=31536000, immutable"}
    assert {answer.headers["x-content-type-options"] for answer in answers.values()} == {"nosniff"}
    assert answers[f"{folder}/app.js"].headers["content-type"] == "text/javascript; charset=utf-8"
    assert answers[f"{folder}/icon.svg"].headers["content-type"] == "image/svg+xml"


async def test_the_frame_of_a_report_is_kept_apart_from_the_page_and_shown_in_no_other(
    client: httpx.AsyncClient,
) -> None:
    response = await client.get(f"/page/{page_files().digest}/report.html")

    policy = response.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "sandbox allow-scripts allow-downloads", "frame-ancestors 'self'"} <= set(policy)
    assert not re.search(r"https?:|\*|connect-src|unsafe-eval|allow-same-origin", " ".join(policy))
    assert response.headers["cache-control"] == "no-cache"


async def test_the_page_offers_the_topics_and_sentiments_of_the_model(client: httpx.AsyncClient) -> None:
    options = re.findall(r"<option>([^<]+)</option>", (await client.get("/")).text)

    assert options == [*(label.replace("&", "&amp;") for label in LABELS), *SENTIMENTS]


async def test_a_browser_that_has_the_page_is_not_sent_it_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/")

    again = await client.get("/", headers={"if-none-match": f'"other", {first.headers["etag"]}'})
    changed = await client.get("/", headers={"if-none-match": '"other"'})

    assert (again.status_code, again.content) == (httpx.codes.NOT_MODIFIED, b"")
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    assert changed.status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, br", "gzip"),
        ("GZIP;q=0.1", "gzip"),
        ("br", None),
        ("gzip;q=0", None),
        ("gzip; q=0.000", None),
        ("", None),
    ],
)
async def test_files_are_packed_for_who_takes_that(
    client: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    path = f"/page/{page_files().digest}/page.css"

    async with client.stream("GET", path, headers={"accept-encoding": accepted}) as response:
        sent = b"".join([part async for part in response.aiter_raw()])

    content = (FOLDER / "page.css").read_bytes()
    assert response.headers.get("content-encoding") == encoding
    assert response.headers["vary"] == "accept-encoding"
    assert (gzip.decompress(sent) if encoding else sent) == content


@pytest.mark.parametrize(
    "path", ["0000000000000000/app.js", "{digest}/index.html", "{digest}/..%2Fpage.py", "{digest}/__init__.py"]
)
async def test_no_other_file_is_given(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(f"/page/{path.format(digest=page_files().digest)}")

    assert response.status_code == httpx.codes.NOT_FOUND
    assert response.headers["content-type"] == "application/problem+json"


def test_plotting_code_is_there_as_its_author_released_it() -> None:
    assert page_files().named.keys() >= PLOTTING_SHA256.keys()


def test_plotting_code_that_is_another_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in PLOTTING_SHA256:
        (tmp_path / name).write_bytes(page_files().named[name].content)
    whole = plotting_code(tmp_path)
    (tmp_path / "uplot.min.css").write_bytes(b"body { display: none }")

    assert whole.keys() == PLOTTING_SHA256.keys()
    assert plotting_code(tmp_path) == {}
    assert [record.message for record in caplog.records] == ["plotting_code_refused"]


def test_without_the_plotting_package_there_is_no_plotting_code(caplog: pytest.LogCaptureFixture) -> None:
    assert plotting_code(None) == {}
    assert [record.message for record in caplog.records] == ["plotting_code_refused"]


def test_the_pages_own_code_makes_no_markup_of_texts() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.js"))

    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc", code) == []


def test_no_file_of_the_page_is_longer_than_a_module_may_be() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in FOLDER.iterdir()}

    assert {name for name, lines in lengths.items() if lines > 250} == set()

"""The page's addresses, asked as a browser asks, and as one that means no good."""

import itertools
import socket
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hatchling.builders.wheel import WheelBuilder
from support.seeded_page import Seeded

from schemas.settings.serve import Serve
from serving.page import files
from serving.page.facts import Note
from serving.server import running

MOST = 3
KEY = "k" * 20
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def seeded() -> Seeded:
    found = Seeded()
    found.flag(1)
    return found


@pytest.fixture(scope="module")
def client(seeded: Seeded) -> Iterator[httpx.Client]:
    settings = Serve(port=0, drain="5s")
    with running(seeded.app(settings, most=MOST), settings) as url, httpx.Client(base_url=url, timeout=10) as client:
        yield client


def test_every_file_comes_with_what_a_browser_may_do(client: httpx.Client) -> None:
    """Nothing but the page's own: no inline script, no other address, no frame, no guessing of types."""
    for path in ("/", *(f"/page/{name}" for name in files.read())):
        answer = client.get(path)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.head(path).status_code == 200


def test_the_page_names_no_other_place(client: httpx.Client) -> None:
    """What it needs it brings along, and the names of it are relative: it works below any path."""
    for name, each in files.read().items():
        content = each.content.decode().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in content.replace("/*", "").replace("// ", "").replace('split("//', ""), name
    assert 'src="/' not in client.get("/").text


@pytest.mark.parametrize("path", ["/page/", "/page/none.js", "/page/..%2ffiles.py", "/page/../files.py", "/page/%00"])
def test_there_are_no_other_files(client: httpx.Client, path: str) -> None:
    """The one shape of errors."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json().keys() == {"error_code", "message"}


def test_viewers_are_limited_and_their_seats_freed(client: httpx.Client) -> None:
    """One more than may be is told when to come back; when one goes, the next may sit down."""
    streams = [client.stream("GET", "/page/events") for _ in range(MOST)]
    opened = [each.__enter__() for each in streams]
    assert [each.headers["content-type"] for each in opened] == ["text/event-stream; charset=utf-8"] * MOST
    full = client.get("/page/events")
    assert (full.status_code, full.json()["error_code"]) == (503, "TOO_MANY_VIEWERS")
    assert int(full.headers["retry-after"]) > 0
    for each in streams:
        each.__exit__(None, None, None)
    until = time.monotonic() + 10
    while True:
        with client.stream("GET", "/page/events") as answer:
            if answer.status_code == 200:
                break
        assert time.monotonic() < until


def test_the_stream_begins_with_everything(client: httpx.Client) -> None:
    """And goes on after the id that is named."""
    with client.stream("GET", "/page/events") as answer:
        lines = answer.iter_lines()
        found = [next(lines) for _ in range(12)]
    assert [each for each in found if each.startswith("event")] == ["event: hello", "event: state", "event: flags"]
    last = next(each for each in found if each.startswith("id: "))[4:]
    with client.stream("GET", "/page/events", headers={"last-event-id": last}) as answer:
        lines = answer.iter_lines()
        found = [next(lines) for _ in range(8)]
    assert "event: flags" not in found


def test_the_server_does_not_wait_for_viewers() -> None:
    """A stream has no end of its own: it ends with the server, at once, and so that the browser hears it."""
    settings = Serve(port=0, drain="30s")
    with httpx.Client(timeout=10) as client:
        door = running(Seeded().app(settings), settings)
        url = door.__enter__()
        with client.stream("GET", f"{url}/page/events") as answer:
            lines = answer.iter_lines()
            next(lines)
            began = time.monotonic()
            door.__exit__(None, None, None)
            assert time.monotonic() - began < 5
            list(lines)


def test_a_viewer_that_stops_reading_loses_its_seat() -> None:
    """Nothing is kept for it, and others take its place."""
    settings = Serve.model_validate({"port": 0, "body_timeout": "1s"})
    seeded = Seeded()
    with running(seeded.app(settings, most=1), settings) as url, httpx.Client(base_url=url) as client:
        host, port = url.removeprefix("http://").split(":")
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.connect((host, int(port)))
            deaf.sendall(b"GET /page/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            until = time.monotonic() + 30
            for number in itertools.count():
                seeded.live.figures(None, [Note(f"{number} " + "x" * 2_000_000)])
                with client.stream("GET", "/page/events") as answer:
                    if number and answer.status_code == 200:
                        break
                assert time.monotonic() < until
                time.sleep(0.25)


def test_files_are_open_and_the_stream_is_not() -> None:
    """Where keys are asked for: the page has to be there to ask for one."""
    settings = Serve.model_validate({"port": 0, "keys": KEY})
    with running(Seeded().app(settings), settings) as url, httpx.Client(base_url=url) as client:
        assert client.get("/").status_code == 200
        assert client.get("/page/main.js").status_code == 200
        assert client.get("/page/events").status_code == 401
        with client.stream("GET", "/page/events", headers={"authorization": f"Bearer {KEY}"}) as answer:
            assert answer.status_code == 200


def test_the_package_has_the_page(tmp_path: Path) -> None:
    """Every file of it is in the wheel."""
    assert (
        "serving"
        in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
            "packages"
        ]
    )
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"serving/page/static/{name}" for name in files.read()} <= names

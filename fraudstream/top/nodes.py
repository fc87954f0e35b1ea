"""Where the workers answer, and what they answer: all asked at once, none waited for longer than a second."""

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from fraudstream.top.scrape import Scrape, parse
from schemas.errors import Misconfigured, Usage
from schemas.settings import Settings

ANSWER_S: Final = 1.0
AT_ONCE: Final = 32
ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listened on, not asked
"""Who listens on every address can be asked here on this one."""
PORTS: Final = "set health.port to the first worker's port, or name the workers with --node host:port"


class Node(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """`scrape` None: it does not answer. `why` it does not, or what it waits for before it is ready."""

    node: Node
    scrape: Scrape | None = None
    ready: bool = False
    live: bool = False
    why: str = ""


def nodes(settings: Settings, named: Sequence[str] = ()) -> list[Node]:
    """Those named, else the slots of this machine as the settings have them."""
    if named:
        return [_node(each.strip()) for several in named for each in several.split(",")]
    host, port = settings.health.host, settings.health.port
    if port <= 0:
        what = "the workers have no port" if port < 0 else "each worker picks its own port"
        raise Misconfigured(f"health.port is {port}: {what}", fix=PORTS)
    return [Node(ANY.get(host, host), port + slot) for slot in range(settings.score.workers)]


def ask(asked: Sequence[Node], clock: Callable[[], float] = time.time) -> list[Answer]:
    """In the order of the nodes."""
    with ThreadPoolExecutor(min(len(asked), AT_ONCE)) as pool:
        return list(pool.map(lambda node: _ask(node, clock), asked))


def _node(text: str) -> Node:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise Usage(f"--node {text} is no address of a worker", fix="write host:port, several separated by commas")
    return Node(host, port)


def _ask(node: Node, clock: Callable[[], float]) -> Answer:
    at = clock()
    try:
        status, text = _get(node, "/metrics")
        if status != HTTPStatus.OK:
            return Answer(node, why=f"/metrics answers {status}")
        scrape = parse(text, at)
        ready, waits_for = _get(node, "/health/ready")
        live, _ = _get(node, "/health/live")
    except ConnectionRefusedError:
        return Answer(node, why="nothing listens there")
    except TimeoutError:
        return Answer(node, why=f"no answer within {ANSWER_S:g} s")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(node, why=str(error) or type(error).__name__)
    if scrape.value("fraudstream_last_turn_timestamp_seconds") is None:
        return Answer(node, why="what answers there is no worker")
    whole = ready == HTTPStatus.OK
    return Answer(node, scrape, whole, live == HTTPStatus.OK, "" if whole else waits_for.strip())


def _get(node: Node, path: str) -> tuple[int, str]:
    """No proxy is asked: workers are near."""
    connection = http.client.HTTPConnection(node.host, node.port, timeout=ANSWER_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()

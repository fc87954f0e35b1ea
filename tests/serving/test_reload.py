"""What an alias names from now on answers from the next request on, and no request is dropped for it."""

import threading
from pathlib import Path

import httpx
import pytest
import structlog
from support.gated import Gated
from support.served import BY, ROW, iris_parts, promoted, registered, served

from fraudstream.serving.everything import invocations
from fraudstream.serving.model import live
from models.registry.intake import enter
from models.registry.registry import Registry
from schemas.settings import Settings, load
from schemas.settings.serve import Serve
from serving.door.live import NO_MODEL, Live
from serving.door.watch import Watch

BODY = {"inputs": [ROW]}


@pytest.fixture
def own(tmp_path: Path) -> Registry:
    return registered(tmp_path / "models", "iris")


def settings(registry: Registry, **more: str) -> Settings:
    given = {f"models.{name}": value for name, value in more.items()}
    return load({"models.root": str(registry.root), "models.check_every": "100ms", **given})


def test_a_promotion_while_requests_run(own: Registry) -> None:
    """Requests without a pause, while a version is promoted and taken back: all answered, each by a whole model."""
    answers: list[tuple[int, str]] = []
    stop = threading.Event()
    with served(live(settings(own), "models:/iris/Production")) as url, httpx.Client(base_url=url) as client:

        def ask() -> None:
            with httpx.Client(base_url=url) as mine:
                while not stop.is_set():
                    answer = mine.post("/invocations", json=BODY)
                    answers.append((answer.status_code, answer.headers.get("x-model", "").split()[0]))

        def awaited(version: str) -> None:
            for _ in range(200):
                if client.get("/version").json()["model"]["version"] == version:
                    return
                stop.wait(0.05)
            pytest.fail(f"version {version} never answered")

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        promoted(own, "iris", iris_parts(seed=1))
        awaited("2")
        own.rollback("iris", BY)
        awaited("1")
        stop.set()
        for thread in threads:
            thread.join(10)
    assert {status for status, _ in answers} == {200}
    assert {model for _, model in answers} == {"iris/1", "iris/2"}


def test_a_promotion_after_the_start(tmp_path: Path) -> None:
    """Until something is promoted every route says what is missing; then it answers, without another start."""
    registry = Registry(tmp_path / "models")
    door = invocations(settings(registry, live="models:/iris/Production"))
    assert door is not None
    with served(door) as url, httpx.Client(base_url=url) as client:
        answer = client.post("/invocations", json=BODY)
        assert (answer.status_code, answer.json()["error_code"]) == (503, "NO_MODEL")
        assert int(answer.headers["retry-after"]) > 0
        for path in ("/version", "/health/ready"):
            said = client.get(path)
            assert said.status_code == 200
            assert (said.json()["model"], said.json()["invocations"]) == (None, NO_MODEL)
        enter(registry, "iris", iris_parts(), BY)
        promoted(registry, "iris", iris_parts(seed=1))
        for _ in range(200):
            if (answer := client.post("/invocations", json=BODY)).status_code == 200:
                break
            threading.Event().wait(0.05)
        assert answer.headers["x-model"].startswith("iris/2 ")
        assert client.get("/health/ready").json()["model"]["version"] == "2"
    assert invocations(settings(registry, live="")) is None


def test_waiting_for_a_model_is_no_failure(tmp_path: Path) -> None:
    """Nothing is logged as failed while there is nothing to load."""
    registry = Registry(tmp_path / "models")
    door = Live(None, Serve())
    watch = Watch(registry, "", lambda _: Gated(), every_s=0, find=lambda: None)
    with structlog.testing.capture_logs() as lines:
        watch.look(door)
        enter(registry, "iris", iris_parts(), BY)
        watch.look(door)
    assert (door.model, lines) == (None, [])


def test_what_cannot_be_used_changes_nothing(own: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """A version that is damaged, or a registry that went away, leaves the one that answers; later it is tried again."""
    door = live(settings(own), "models:/iris/Production")
    found = enter(own, "iris", iris_parts(seed=1), BY)
    own.promote(str(found), BY)
    whole = (found.folder / "model.skops").read_bytes()
    (found.folder / "model.skops").write_bytes(b"damaged")
    now = [0.0]

    def load_anew(resolved: object) -> Gated:
        own.load(str(found))
        return Gated("2")

    watch = Watch(own, "models:/iris/Production", load_anew, every_s=0, clock=lambda: now[0])
    watch.look(door)
    assert door.answering().ref.version == "1"
    (found.folder / "model.skops").write_bytes(whole)
    watch.look(door)
    assert door.answering().ref.version == "1"
    now[0] += 61
    watch.look(door)
    assert door.answering().ref.version == "2"
    (own.root / "ledger.jsonl").rename(own.root / "elsewhere")
    watch.look(door)
    assert door.answering().ref.version == "2"


def test_a_request_keeps_its_model() -> None:
    """What was read for one version is computed by it, though another answers since."""
    old, new = Gated("1"), Gated("2")
    new.open.set()
    door = Live(old, Serve())
    answers: list[httpx.Response] = []
    with served(door) as url:
        thread = threading.Thread(target=lambda: answers.append(httpx.post(f"{url}/invocations", json={"inputs": [1]})))
        thread.start()
        assert old.entered.wait(10)
        door.replace(new)
        old.open.set()
        thread.join(10)
        later = httpx.post(f"{url}/invocations", json={"inputs": [1]})
    assert answers[0].headers["x-model"] == "gated/1 abc"
    assert later.headers["x-model"] == "gated/2 abc"

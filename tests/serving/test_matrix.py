"""Every kind of body, sent to every kind of model."""

import httpx
import pytest
from support.bodies import BODIES, MODELS, Body, rows
from support.differences import differences


@pytest.mark.parametrize("body", BODIES, ids=[body.name for body in BODIES])
@pytest.mark.parametrize("model", MODELS)
def test_status(doors: dict[str, httpx.Client], model: str, body: Body) -> None:
    """Each gets the status that is written down: with 200 a prediction for each row, else what was wrong, unquoted."""
    answer = doors[model].request(body.method, "/invocations", content=body.content(model), headers=body.sent())
    assert answer.status_code == body.expected(model), answer.text
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    if answer.status_code == 200:
        assert set(said) == {"predictions"}
        assert len(said["predictions"]) == (len(rows(model)) if body.rows is None else body.rows)
    else:
        assert set(said) == {"error_code", "message"}
        assert not any(str(row[0]) in said["message"] for row in rows(model))


def test_there_are_many() -> None:
    """Names are told apart, and there are as many bodies as were promised."""
    assert len({body.name for body in BODIES}) == len(BODIES) >= 43


def test_the_same_rows_get_the_same_predictions(doors: dict[str, httpx.Client]) -> None:
    """Whatever shape or format they come in."""
    same = (
        "split",
        "split, columns in another order",
        "records",
        "instances",
        "inputs",
        "inputs by column",
        "CSV",
        "Parquet",
    )
    for model in MODELS:
        sent = [body for body in BODIES if body.name in same]
        answers = [doors[model].post("/invocations", content=b.content(model), headers=b.sent()).json() for b in sent]
        assert len(answers) == len(same)
        assert all(answer == answers[0] for answer in answers)


def test_differences_are_documented() -> None:
    """Where a body is answered otherwise than by MLflow, the page has a row, with the status that is answered here."""
    documented = differences()
    for body in BODIES:
        if body.differs:
            assert body.differs in documented
            assert {body.expected(model) for model in MODELS} & documented[body.differs].here


def test_every_documented_difference_is_tried(doors: dict[str, httpx.Client]) -> None:
    """No row of the table stands there that no body here, and no check of its name, shows."""
    shown = {body.differs for body in BODIES} | set(OTHERWISE)
    assert set(differences()) == shown - {""}
    for check in OTHERWISE.values():
        check(doors)


def _version(doors: dict[str, httpx.Client]) -> None:
    assert doors["iris"].get("/version").json()["model"]["name"] == "iris"


def _probes(doors: dict[str, httpx.Client]) -> None:
    assert doors["iris"].get("/ping").json() == doors["iris"].get("/health").json() == {"status": "alive"}


def _errors(doors: dict[str, httpx.Client]) -> None:
    assert doors["iris"].get("/nowhere").json()["error_code"] == "NOT_FOUND"


def _host(doors: dict[str, httpx.Client]) -> None:
    assert doors["iris"].get("/ping", headers={"host": "evil.example"}).status_code == 421


def _no_echo(doors: dict[str, httpx.Client]) -> None:
    answer = doors["iris"].post("/invocations", json={"inputs": [["planted-secret"] * 4]})
    assert answer.status_code == 400
    assert "planted-secret" not in answer.text


def _each_row(doors: dict[str, httpx.Client]) -> None:
    answer = doors["reviews"].post("/invocations", json={"inputs": ["Great movie", "Terrible plot"]})
    assert answer.json() == {"predictions": [1, 0]}


OTHERWISE = {
    "version": _version,
    "probes-in-json": _probes,
    "errors-of-one-shape": _errors,
    "names-of-this-machine": _host,
    "no-echo": _no_echo,
    "as-many-predictions": _each_row,
}
"""Differences that are no body's."""

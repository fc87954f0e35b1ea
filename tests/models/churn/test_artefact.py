"""Artefacts of churn models: whole, equal to the last bit, and refused when anything in them was changed."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.churners import made, people
from support.registered import BY

from models.artefact.load import Expected, load
from models.artefact.restate import restated
from models.artefact.write import Parts, write
from models.churn import examples
from models.churn.parts import parts
from schemas.errors import Misconfigured


def of(estimator: str = "logistic") -> Parts:
    done = made(estimator)
    return parts(done.candidate, done.report, None, "nothing", BY.at)


@pytest.mark.parametrize("estimator", ["trees", "logistic"])
def test_what_is_loaded_scores_as_what_was_trained(tmp_path: Path, estimator: str) -> None:
    """Through the registry's own way of loading, whoever's compiler is handed in."""
    write(of(estimator), tmp_path / "a")
    loaded, model = load(tmp_path / "a"), made(estimator).candidate.model
    assert loaded.exact
    assert loaded.churn is not None
    rows = people().rows.select(model.columns)
    assert np.array_equal(loaded.churn.score(rows), model.score(rows))
    assert loaded.churn.key == "customer_id"
    assert loaded.churn.digest == loaded.manifest.content


def test_a_restated_artefact_scores_alike(tmp_path: Path) -> None:
    """Its encoding and examples stay."""
    write(of(), tmp_path / "a")
    first = load(tmp_path / "a")
    write(restated(first, {"said": 1}, BY.at), tmp_path / "b")
    again = load(tmp_path / "b")
    assert again.manifest.content != first.manifest.content
    assert again.churn is not None
    assert again.churn.calibration == made("logistic").candidate.model.calibration


def test_the_stream_refuses_it(tmp_path: Path) -> None:
    """Even if it says that its features are those of transactions."""
    write(replace(of(), feature_version=3), tmp_path / "a")
    with pytest.raises(Misconfigured, match="scores churn, not transactions"):
        load(tmp_path / "a", expected=Expected(of().features, 3))


def _columns(facts: dict[str, Any]) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = facts["encoding"]["columns"]
    return columns


def _swapped(facts: dict[str, Any]) -> None:
    numbers = [at for at, each in enumerate(_columns(facts)) if each["kind"] == "number"]
    first, second = numbers[0], numbers[1]
    _columns(facts)[first]["name"], _columns(facts)[second]["name"] = (
        _columns(facts)[second]["name"],
        _columns(facts)[first]["name"],
    )


def _renamed(facts: dict[str, Any]) -> None:
    _columns(facts)[0]["name"] = "another"


def _fewer(facts: dict[str, Any]) -> None:
    _columns(facts).pop()


def _steeper(facts: dict[str, Any]) -> None:
    facts["calibration"]["slope"] *= 1.01


def _turned(facts: dict[str, Any]) -> None:
    facts["calibration"]["slope"] = -1.0


def _without(facts: dict[str, Any]) -> None:
    facts["encoding"] = {}


def _foreign(facts: dict[str, Any]) -> None:
    facts["encoding"]["code"] = "import os"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_swapped, "other columns than the features"),
        (_renamed, "other columns than the features"),
        (_fewer, "other columns than the features"),
        (_steeper, "examples get other scores"),
        (_turned, "nothing of use"),
        (_without, "nothing of use"),
        (_foreign, "nothing of use"),
    ],
)
def test_a_changed_declaration_is_refused(tmp_path: Path, change: Callable[[Any], None], said: str) -> None:
    """Though everything is sealed anew."""
    whole = of()
    facts = {"encoding": json.loads(json.dumps(whole.encoding)), "calibration": dict(whole.calibration)}
    change(facts)
    write(replace(whole, **facts), tmp_path / "a")
    with pytest.raises(Misconfigured, match=said):
        load(tmp_path / "a")


def _none(_: bytes) -> bytes | None:
    return None


def _no_json(_: bytes) -> bytes | None:
    return b"{"


def _other_score(content: bytes) -> bytes | None:
    said = json.loads(content)
    said["scores"][3] ^= 1
    return json.dumps(said).encode()


def _too_high(content: bytes) -> bytes | None:
    said = json.loads(content)
    said["scores"][3] = 10**9
    return json.dumps(said).encode()


def _one_row(content: bytes) -> bytes | None:
    said = json.loads(content)
    short = {name: values[:1] for name, values in said["columns"].items()}
    return json.dumps({"columns": short, "scores": said["scores"][:1]}).encode()


def _no_text(content: bytes) -> bytes | None:
    said = json.loads(content)
    next(iter(said["columns"].values()))[0] = {"a": 1}
    return json.dumps(said).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_none, "is missing"),
        (_no_json, "is not what examples are written as"),
        (_other_score, "1 of .* examples get other scores, the first is example 3"),
        (_too_high, "scores that are none"),
        (_one_row, "has 1 rows"),
        (_no_text, "is not what examples are written as"),
    ],
)
def test_changed_examples_are_refused(tmp_path: Path, change: Callable[[bytes], bytes | None], said: str) -> None:
    """And so is a model without any."""
    whole = of()
    extras = dict(whole.extras)
    content = change(extras.pop(examples.FILE))
    write(replace(whole, extras=extras if content is None else {**extras, examples.FILE: content}), tmp_path / "a")
    with pytest.raises(Misconfigured, match=said):
        load(tmp_path / "a")


def test_another_model_under_the_same_declaration_is_refused(tmp_path: Path) -> None:
    """Of another seed, so of other customers."""
    other = made("logistic", 1)
    swapped = replace(of(), estimator=other.candidate.estimator)
    write(swapped, tmp_path / "a")
    with pytest.raises(Misconfigured, match="does not give the margins"):
        load(tmp_path / "a")

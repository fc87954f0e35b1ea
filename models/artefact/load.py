"""An artefact is believed step by step, each step on what the one before has proven:

    1. files     regular, bounded, none missing, none besides, each with its digest; the manifest sealed
    2. promise   feature list and version are those the caller has; the ledger's seal is this one
    3. types     model.skops names only what the operator trusts, and unpacks within bounds
    4. structure every tree stays inside its arrays
    5. content   the digest of what was loaded is the one the manifest says
    6. golden    the margins of the golden rows are the ones written down, to the last bit
    7. examples  where the artefact says how rows of a table become scores: the examples get theirs

Nothing predicts before 4, nothing is constructed before 3, nothing is parsed before 1.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import structlog

from models.artefact import golden as goldens
from models.artefact import manifest as manifests
from models.artefact import mlmodel, skops_file, structure
from models.artefact.content import content_digest
from models.artefact.folder import Files
from models.artefact.golden import Golden
from models.artefact.manifest import GOLDEN, Manifest
from models.artefact.margins import Compile, Doubles, Evaluator, Rows, close, is_exact, margins, same_bits
from models.artefact.opened import open_
from models.artefact.refusal import refused
from models.churn import examples
from models.churn import model as churn_model
from models.churn.model import ChurnModel
from schemas.errors import Misconfigured

log = structlog.get_logger(__name__)

TRAIN_AGAIN: Final = "train again with this version of the program, or use the version the model was made for"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the caller computes: the columns of its matrix, in order, and the version of their meaning."""

    features: Sequence[str]
    version: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """`exact`: its margins are equal to the last bit wherever it is loaded, so it may decide in the stream."""

    folder: Path
    manifest: Manifest
    golden: Golden
    estimator: Any
    evaluator: Evaluator | None
    exact: bool
    churn: ChurnModel | None = None
    """What scores customers, where that is the task."""

    def margins(self, rows: Rows) -> Doubles:
        if self.evaluator is not None and isinstance(rows, np.ndarray):
            return self.evaluator.margins(rows)
        return margins(self.estimator, self.manifest.function, rows)


def load(
    folder: Path,
    *,
    trusted: Collection[str] = (),
    expected: Expected | None = None,
    seal: str | None = None,
    compile_: Compile | None = None,
) -> Loaded:
    """Raises Misconfigured naming file and reason. An evaluator that is not equal is named in the log and not used."""
    files, manifest = open_(folder, seal=seal)
    where = str(folder)
    _check_promise(manifest, files, expected, where)
    golden = goldens.from_bytes(files[GOLDEN], f"{where}/{GOLDEN}")
    model = f"{where}/{mlmodel.MODEL}"
    estimator = skops_file.load(files[mlmodel.MODEL], model, trusted)
    structure.check(estimator, model)
    if content_digest(estimator, manifest.facts()) != manifest.content:
        raise refused(model, f"is not the model that {manifests.FILE} describes: the content digest differs")
    exact = _check_golden(estimator, manifest, golden, where)
    if manifest.task == "churn":
        churn = _churn(estimator, manifest, golden, files, where)
        return Loaded(folder, manifest, golden, estimator, churn.evaluator, exact=True, churn=churn)
    evaluator = _compiled(estimator, golden, compile_, where)
    return Loaded(folder, manifest, golden, estimator, evaluator, exact or evaluator is not None)


def _compiled(estimator: Any, golden: Golden, compile_: Compile | None, where: str) -> Evaluator | None:  # noqa: ANN401
    if compile_ is None or not isinstance(golden.rows, np.ndarray):
        return None
    try:
        evaluator = compile_(estimator, golden.rows.shape[1])
    except Misconfigured as error:
        log.warning("artefact.not_compiled", folder=where, reason=error.message)
        return None
    if same_bits(np.ascontiguousarray(evaluator.margins(golden.rows)), golden.margins):
        return evaluator
    log.error("artefact.evaluator_differs", folder=where, fix="scoring goes on with scikit-learn, slower")
    return None


def _churn(estimator: Any, manifest: Manifest, golden: Golden, files: Files, where: str) -> ChurnModel:  # noqa: ANN401
    """Its scores are published and looked up as integers, so nothing but equal bits will do."""
    if not isinstance(golden.rows, np.ndarray):
        raise refused(where, "scores customers out of texts, which no table's columns are made into")
    try:
        evaluator = churn_model.compile(estimator, len(manifest.features))
        model = churn_model.of_facts(manifest.encoding, manifest.calibration, evaluator, manifest.content)
    except ValueError as error:
        raise refused(f"{where}/{manifests.FILE}", f"says nothing of use about customers: {_short(error)}") from None
    if model.encoding.features != manifest.features:
        raise refused(f"{where}/{manifests.FILE}", "declares other columns than the features of the model")
    if not same_bits(np.ascontiguousarray(evaluator.margins(golden.rows)), golden.margins):
        raise refused(f"{where}/{GOLDEN}", "the compiled model does not give the margins that are written down")
    if examples.FILE not in files:
        raise refused(f"{where}/{examples.FILE}", "is missing")
    examples.from_bytes(files[examples.FILE], model, f"{where}/{examples.FILE}").check(model, where)
    return model


def _short(error: ValueError) -> str:
    return " ".join(str(error).split())[:200]


def golden_is_numbers(golden: Golden) -> bool:
    return isinstance(golden.rows, np.ndarray)


def _check_promise(manifest: Manifest, files: Files, expected: Expected | None, where: str) -> None:
    described = mlmodel.parse(files[mlmodel.FILE], f"{where}/{mlmodel.FILE}")
    named = tuple(zip(manifest.features, manifest.column_types, strict=False))
    if described.model != mlmodel.MODEL or described.columns != named or len(manifest.column_types) != len(named):
        raise refused(f"{where}/{mlmodel.FILE}", f"names another model or other columns than {manifests.FILE}")
    if expected is None:
        return
    if manifest.task != "fraud":
        raise refused(where, f"scores {manifest.task}, not transactions", fix="name a model of `fraudstream train`")
    if manifest.feature_version != expected.version:
        found = "none" if manifest.feature_version is None else manifest.feature_version
        raise refused(
            where, f"was made for feature_version {found}, this program computes {expected.version}", fix=TRAIN_AGAIN
        )
    if manifest.features != list(expected.features):
        raise refused(where, _first_difference(manifest.features, list(expected.features)), fix=TRAIN_AGAIN)


def _first_difference(found: list[str], wanted: list[str]) -> str:
    at = next((n for n, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), min(len(found), len(wanted)))
    names = (each[at] if at < len(each) else "nothing" for each in (found, wanted))
    return "its features differ at position {}: {} where this program has {}".format(at, *names)


def _check_golden(estimator: Any, manifest: Manifest, golden: Golden, where: str) -> bool:  # noqa: ANN401
    """True where the estimator is of a kind that gives the same bits on any machine."""
    file = f"{where}/{GOLDEN}"
    numbers = golden_is_numbers(golden)
    if numbers != (manifest.takes == "numbers") or (numbers and golden.rows.shape[1] != len(manifest.features)):  # type: ignore[union-attr]
        raise refused(file, "has rows of another kind or width than the model takes")
    try:
        found = margins(estimator, manifest.function, golden.rows)
    except Exception as error:
        raise refused(
            file, f"the model fails on its own golden rows: {type(error).__name__}: {str(error)[:200]}"
        ) from error
    exact = is_exact(estimator)
    if not (same_bits if exact else close)(found, golden.margins):
        raise refused(file, "the model does not give the margins that are written down" + _worst(found, golden.margins))
    return exact


def _worst(found: Doubles, expected: Doubles) -> str:
    if found.shape != expected.shape:
        return f": {found.shape} numbers, not {expected.shape}"
    wrong = np.flatnonzero(
        ~((found == expected) | (np.isnan(found) & np.isnan(expected))).reshape(len(found), -1).all(axis=1)
    )
    return f": {len(wrong)} of {len(found)} rows differ, the first is row {wrong[0]}" if len(wrong) else ""

"""A trained estimator becomes a directory, all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from models.artefact import durable, manifest, mlmodel, skops_file, structure
from models.artefact.content import content_digest
from models.artefact.folder import NAME
from models.artefact.golden import FEWEST, Golden
from models.artefact.manifest import GOLDEN, Manifest, Task
from models.artefact.margins import function_of
from schemas.errors import Usage

OWN: Final = frozenset(
    {manifest.FILE, mlmodel.FILE, mlmodel.MODEL, mlmodel.REQUIREMENTS, mlmodel.PYTHON_ENV, mlmodel.CONDA, GOLDEN}
)
UNREADABLE: Final = (".pkl", ".pickle", ".joblib", ".dill")


@dataclass(frozen=True, slots=True)
class Parts:
    """All that goes into an artefact. `extras` are plots and pages that lie beside the model, by file name."""

    estimator: Any
    features: Sequence[str]
    feature_version: int | None
    golden: Golden
    created_at: datetime
    origin: Literal["trained", "imported"] = "trained"
    thresholds: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    medians: Mapping[str, Any] = field(default_factory=dict)
    histograms: Mapping[str, Any] = field(default_factory=dict)
    extras: Mapping[str, bytes] = field(default_factory=dict)
    task: Task = "fraud"
    encoding: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    types: Sequence[str] = ()
    """Of the features, where they are not all doubles, or not all texts."""


def write(parts: Parts, folder: Path) -> Manifest:
    """`folder` must not exist. What `load` would refuse is not written in the first place."""
    files, described = assemble(parts)
    durable.write_folder(folder, files)
    return described


def assemble(parts: Parts) -> tuple[dict[str, bytes], Manifest]:
    structure.check(parts.estimator, "the estimator")
    if len(parts.golden.rows) < FEWEST:
        raise Usage(f"there are {len(parts.golden.rows)} golden vectors", fix=f"hold back {FEWEST} rows at least")
    _check_extras(parts.extras)
    model = skops_file.dump(parts.estimator)
    draft = _draft(parts)
    content = content_digest(parts.estimator, draft.facts())
    files = {
        mlmodel.MODEL: model,
        GOLDEN: parts.golden.to_bytes(),
        **mlmodel.files(
            draft.features,
            draft.column_types,
            _output(parts.estimator),
            unusual=skops_file.unusual_types(model),
            content=content,
            created=_utc(parts.created_at),
        ),
        **parts.extras,
    }
    described = draft.model_copy(update={"files": manifest.listing(files), "content": content}).sealed()
    return {**files, manifest.FILE: described.to_bytes()}, described


def _draft(parts: Parts) -> Manifest:
    kind = type(parts.estimator)
    said = {
        "origin": parts.origin,
        "created_at": _utc(parts.created_at).isoformat(),
        "estimator": f"{kind.__module__}.{kind.__qualname__}",
        "function": function_of(parts.estimator, "the estimator"),
        "takes": "numbers" if isinstance(parts.golden.rows, np.ndarray) else "text",
        "features": list(parts.features),
        "feature_version": parts.feature_version,
        "thresholds": dict(parts.thresholds),
        "metrics": dict(parts.metrics),
        "training": dict(parts.training),
        "medians": dict(parts.medians),
        "histograms": dict(parts.histograms),
        "task": parts.task,
        "encoding": dict(parts.encoding),
        "calibration": dict(parts.calibration),
        "types": list(parts.types),
        "versions": mlmodel.versions(),
        "files": {},
        "content": "0" * 64,
    }
    return Manifest.model_validate(said)


def _check_extras(extras: Mapping[str, bytes]) -> None:
    for name in extras:
        if not NAME.fullmatch(name) or name in OWN or name.endswith(UNREADABLE):
            raise Usage(
                f"{name!r} cannot lie beside a model", fix="give it a plain name of its own; pickles never lie there"
            )


def _output(estimator: Any) -> str:  # noqa: ANN401 - any estimator
    dtype = getattr(getattr(estimator, "classes_", None), "dtype", np.dtype(np.float64))
    return "object" if dtype.kind in "OU" else str(dtype)


def _utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise Usage(f"the time {time.isoformat()} says no zone", fix="give it one, such as UTC")
    return time.astimezone(UTC)

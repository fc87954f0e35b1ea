"""manifest.json: what the artefact says of itself, sealed, so that every byte of every file is accounted for.

`files` has the digest of each other file, `content` the digest of what the model is, `seal` that of the manifest.
The text has one form only: a manifest that reads back differently was edited.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from models.artefact.canonical import canonical
from models.artefact.folder import MIB, NAME, Files
from models.artefact.refusal import refused

FILE: Final = "manifest.json"
GOLDEN: Final = "golden.json"
MOST_BYTES: Final = 8 * MIB

Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Section = dict[str, JsonValue]
Task = Literal["fraud", "churn"]
ColumnType = Literal["double", "float", "long", "integer", "boolean", "string"]
LATER: Final[Mapping[str, Any]] = {"task": "fraud", "encoding": {}, "calibration": {}, "types": []}
"""Fields that came later, with what they are in the artefacts that were there before: left out of those, as their seals
are of the words they had."""


class Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sha256: Hex
    size: Annotated[int, Field(ge=0)]


class Manifest(BaseModel):
    """`thresholds` are raw margins by name; metrics, training, medians and histograms are as they were given.

    `encoding` says how rows of a table become the matrix, `calibration` how margins become probabilities, where the
    `task` has them. `types` are those of the features where they are not all the usual one of what it `takes`: the
    names are MLflow's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1] = 1
    origin: Literal["trained", "imported"]
    created_at: Line
    estimator: Line
    function: Literal["decision_function", "predict_proba", "predict"]
    takes: Literal["numbers", "text"]
    features: Annotated[list[Line], Field(min_length=1, max_length=100_000)]
    feature_version: int | None
    thresholds: dict[str, float]
    metrics: Section
    training: Section
    medians: Section
    histograms: Section
    versions: dict[str, str]
    files: dict[str, Stored]
    content: Hex
    seal: str = ""
    task: Task = "fraud"
    encoding: Section = {}
    calibration: Section = {}
    types: Annotated[list[ColumnType], Field(max_length=100_000)] = []

    @property
    def predict_only(self) -> bool:
        """Not made from the features of transactions: for files and requests, not for the stream."""
        return self.feature_version is None

    @property
    def column_types(self) -> list[str]:
        """Of each feature."""
        return list(self.types) or ["string" if self.takes == "text" else "double"] * len(self.features)

    def facts(self) -> dict[str, Any]:
        """What the content digest covers besides the trees."""
        named = self._said(include={"function", "takes", "features", "feature_version", *LATER})
        return named | {"metrics": self.metrics, "training": self.training, "thresholds": self.thresholds}

    def sealed(self) -> Self:
        return self.model_copy(update={"seal": self._seal()})

    def to_bytes(self) -> bytes:
        said = self._said()
        return (json.dumps(said, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=True) + "\n").encode()

    def _seal(self) -> str:
        return hashlib.sha256(canonical(self._said(exclude={"seal"}))).hexdigest()

    def _said(self, include: set[str] | None = None, exclude: set[str] | None = None) -> dict[str, Any]:
        absent = {name for name, before in LATER.items() if getattr(self, name) == before}
        return self.model_dump(mode="json", include=include, exclude=absent | (exclude or set()))

    @property
    def is_sealed(self) -> bool:
        return self.seal == self._seal()


def parse(content: bytes, where: str) -> Manifest:
    if len(content) > MOST_BYTES:
        raise refused(where, f"has {len(content)} bytes, at most {MOST_BYTES} are read")
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:200]
        raise refused(where, f"{place or 'the text'}: {first['msg'][:200]}") from None
    try:
        whole = manifest.is_sealed and manifest.to_bytes() == content
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        raise refused(where, "was changed after it was sealed")
    return manifest


def check_files(manifest: Manifest, files: Files, where: str) -> None:
    """Every file listed is there with its digest, and none is there that is not listed."""
    for name in manifest.files:
        if not NAME.fullmatch(name) or name == FILE:
            raise refused(f"{where}/{FILE}", f"lists {name[:100]!r}, which lies outside of the artefact")
        if name not in files:
            raise refused(f"{where}/{name}", "is missing")
    for name, content in files.items():
        if name == FILE:
            continue
        if name not in manifest.files:
            raise refused(f"{where}/{name}", f"is not listed in {FILE}; nobody accounts for it")
        if stored(content) != manifest.files[name]:
            raise refused(f"{where}/{name}", f"is not the file that {FILE} lists: its sha256 differs")


def stored(content: bytes) -> Stored:
    return Stored(sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def listing(files: Mapping[str, bytes]) -> dict[str, Stored]:
    return {name: stored(content) for name, content in sorted(files.items())}

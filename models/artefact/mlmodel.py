"""The files by which MLflow knows a directory: MLmodel and the three descriptions of its environment."""

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

import yaml

from models.artefact.folder import MIB, NAME
from models.artefact.refusal import refused

FILE: Final = "MLmodel"
MODEL: Final = "model.skops"
REQUIREMENTS: Final = "requirements.txt"
PYTHON_ENV: Final = "python_env.yaml"
CONDA: Final = "conda.yaml"
PACKAGES: Final = ("numpy", "scikit-learn", "scipy", "skops")
TEXT: Final = "text"
MOST_BYTES: Final = MIB
DEEPEST: Final = 20
AGAIN: Final = 'save it again with mlflow.sklearn.save_model(model, path, serialization_format="skops") and import that'


@dataclass(frozen=True, slots=True)
class Description:
    """What MLmodel says: the model's file and, where it has a signature, the names and types of its columns."""

    model: str
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def takes_text(self) -> bool:
        return len(self.columns) == 1 and self.columns[0][1] == "string"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)


def versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def files(
    features: Sequence[str],
    types: Sequence[str],
    output: str,
    *,
    unusual: Sequence[str],
    content: str,
    created: datetime,
) -> dict[str, bytes]:
    """`unusual` are the types that MLflow must be told to trust; `output` is what `predict` gives, in numpy's words."""
    here = versions()
    sklearn = {
        "pickled_model": MODEL,
        "serialization_format": "skops",
        "skops_trusted_types": list(unusual) or None,
        "sklearn_version": here["scikit-learn"],
        "code": None,
    }
    function = {
        "env": {"conda": CONDA, "virtualenv": PYTHON_ENV},
        "loader_module": "mlflow.sklearn",
        "model_path": MODEL,
        "predict_fn": "predict",
        "python_version": here["python"],
    }
    described = {
        "flavors": {"python_function": function, "sklearn": sklearn},
        "model_uuid": content[:32],
        "signature": _signature(features, types, output),
        "utc_time_created": created.strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    return {FILE: _yaml(described), **_environment(here)}


def _environment(here: dict[str, str]) -> dict[str, bytes]:
    pinned = [f"{name}=={here[name]}" for name in PACKAGES]
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={here['python']}", "pip", {"pip": ["mlflow", *pinned]}],
    }
    python = {"python": here["python"], "build_dependencies": ["pip"], "dependencies": [f"-r {REQUIREMENTS}"]}
    return {
        REQUIREMENTS: "".join(f"{line}\n" for line in ("mlflow", *pinned)).encode(),
        CONDA: _yaml(conda),
        PYTHON_ENV: _yaml(python),
    }


def _signature(features: Sequence[str], types: Sequence[str], output: str) -> dict[str, Any]:
    named = zip(features, types, strict=True)
    inputs = [{"type": kind, "name": name, "required": True} for name, kind in named]
    answer = [{"type": "tensor", "tensor-spec": {"dtype": output, "shape": [-1]}}]
    return {"inputs": json.dumps(inputs), "outputs": json.dumps(answer), "params": None}


def parse(content: bytes, where: str) -> Description:
    """Raises Misconfigured for pickles, for other flavours, and for a model that would lie elsewhere."""
    said = _read(content, where)
    flavors = said.get("flavors")
    flavor = flavors.get("sklearn") if isinstance(flavors, dict) else None
    if not isinstance(flavor, dict):
        found = ", ".join(sorted(map(str, flavors)))[:200] if isinstance(flavors, dict) else "none"
        raise refused(
            where, f"has no sklearn flavour (flavours: {found})", fix="only scikit-learn models are read; " + AGAIN
        )
    form = flavor.get("serialization_format", "pickle")
    if form != "skops":
        raise refused(
            where, f"was saved as {str(form)[:50]}; pickles run code when they are read and never are", fix=AGAIN
        )
    model = flavor.get("pickled_model")
    if not isinstance(model, str) or not NAME.fullmatch(model):
        raise refused(where, f"names {str(model)[:100]!r} as the model's file, which is not a file beside it")
    return Description(model, _columns(said.get("signature"), where))


def _read(content: bytes, where: str) -> dict[str, Any]:
    """References are refused: they let a small text stand for an immense one."""
    if len(content) > MOST_BYTES:
        raise refused(where, f"has {len(content)} bytes, at most {MOST_BYTES} are read")
    try:
        depth = 0
        for event in yaml.parse(content, yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > DEEPEST:
                raise refused(where, "has references in it, or stands too deep in itself")
        said = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise refused(where, "is not YAML that can be read") from None
    if not isinstance(said, dict):
        raise refused(where, "is not a table of names")
    return said


def _columns(signature: object, where: str) -> tuple[tuple[str, str], ...]:
    inputs = signature.get("inputs") if isinstance(signature, dict) else None
    if inputs is None:
        return ()
    try:
        parsed = json.loads(inputs)
        named = [each for each in parsed if each.get("type") != "tensor"]
        return tuple(
            (str(each.get("name", "text" if len(named) == 1 else number)), str(each["type"]))
            for number, each in enumerate(named)
        )
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise refused(where, "has a signature that cannot be read") from None


def _yaml(value: object) -> bytes:
    text: str = yaml.safe_dump(value, default_flow_style=False, sort_keys=True)
    return text.encode()

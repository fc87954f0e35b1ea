"""Hostile artefacts, each opened by the real program in its own process: refused with file and reason, no crash."""

import base64
import io
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.preprocessing import FunctionTransformer
from skops.io import dumps

from models.artefact import manifest as manifests
from models.artefact.archive import pack
from models.artefact.golden import choose
from models.artefact.manifest import Manifest

Spoil = Callable[[Path], object]
Run = Callable[..., Any]
Nodes = np.ndarray[Any, Any]
MARK = "OWNED"


def reseal(folder: Path, **changes: object) -> None:
    """What somebody does who knows how artefacts are made: every digest and the seal fit again."""
    manifest = Manifest.model_validate_json((folder / manifests.FILE).read_bytes())
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != manifests.FILE}
    changed = manifest.model_copy(update={"files": manifests.listing(files), **changes}).sealed()
    (folder / manifests.FILE).write_bytes(changed.to_bytes())


def entries_of(folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(folder / "model.skops") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repack(folder: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    entries = entries_of(folder)
    change(entries)
    (folder / "model.skops").write_bytes(pack(entries))
    reseal(folder)


def nodes_changed(change: Callable[[Nodes], object]) -> Spoil:
    """Spoils the nodes of the first tree, as they lie in model.skops."""

    def spoil(folder: Path) -> None:
        def in_archive(entries: dict[str, bytes]) -> None:
            for name in sorted(entries):
                array = np.load(io.BytesIO(entries[name])) if name.endswith(".npy") else None
                if array is not None and array.dtype.names and len(array) > 4:
                    change(array)
                    np.save(buffer := io.BytesIO(), array)
                    entries[name] = buffer.getvalue()
                    return

        repack(folder, in_archive)

    return spoil


def inner(array: Nodes) -> Nodes:
    return np.flatnonzero(array["is_leaf"] == 0)


def leaves(array: Nodes) -> Nodes:
    return np.flatnonzero(array["is_leaf"] == 1)


def set_node(field: str, value: object, which: Callable[[Nodes], Nodes] = inner) -> Spoil:
    return nodes_changed(lambda array: array[field].__setitem__(which(array)[0], value))


def schema_changed(change: Callable[[dict[str, Any]], object]) -> Spoil:
    def in_archive(entries: dict[str, bytes]) -> None:
        schema = json.loads(entries["schema.json"])
        change(schema)
        entries["schema.json"] = json.dumps(schema).encode()

    return lambda folder: repack(folder, in_archive)


def another_model(model: BaseEstimator) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / "model.skops").write_bytes(dumps(model))
        reseal(folder)

    return spoil


class Owner:
    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, (f"echo {MARK}",))


def pickled(folder: Path) -> None:
    (folder / "model.skops").write_bytes(pickle.dumps(Owner()))
    reseal(folder)


def pickle_in_an_array(folder: Path) -> None:
    def change(entries: dict[str, bytes]) -> None:
        name = next(name for name in entries if name.endswith(".npy"))
        np.save(buffer := io.BytesIO(), np.array([Owner()], object), allow_pickle=True)
        entries[name] = buffer.getvalue()

    repack(folder, change)


def bomb(folder: Path) -> None:
    with (
        zipfile.ZipFile(folder / "model.skops", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("schema.json", "w") as entry,
    ):
        for _ in range(600):
            entry.write(b" " * (1 << 20))
    reseal(folder)


def lying_bomb(folder: Path) -> None:
    """The directory of the archive says 100 bytes where hundreds of MiB are."""
    bomb(folder)
    content = bytearray((folder / "model.skops").read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    (folder / "model.skops").write_bytes(content)
    reseal(folder)


def many_entries(folder: Path) -> None:
    repack(folder, lambda entries: entries.update({f"{number}.npy": b"" for number in range(30_000)}))


def huge_array(folder: Path) -> None:
    """A header that claims a petabyte."""

    def change(entries: dict[str, bytes]) -> None:
        name = next(name for name in entries if name.endswith(".npy"))
        np.lib.format.write_array_header_1_0(
            buffer := io.BytesIO(), {"descr": "<f8", "fortran_order": False, "shape": (1 << 47,)}
        )
        entries[name] = buffer.getvalue()

    repack(folder, change)


def deep(schema: dict[str, Any]) -> None:
    inside: Any = {}
    for _ in range(500):
        inside = [inside]
    schema["content"] = inside


def function(schema: dict[str, Any]) -> None:
    schema["content"]["content"]["loss"] = {
        "__class__": "system",
        "__module__": "os",
        "__loader__": "FunctionNode",
        "__id__": 7,
    }


def called(schema: dict[str, Any]) -> None:
    schema["content"]["content"]["loss"] = {
        "__class__": "methodcaller",
        "__module__": "operator",
        "__loader__": "OperatorFuncNode",
        "attrs": [],
        "__id__": 7,
    }


def in_itself(schema: dict[str, Any]) -> None:
    schema["content"]["content"]["loss"] = {**schema, "content": None}


def old_protocol(schema: dict[str, Any]) -> None:
    schema["protocol"] = 0


def features_swapped(folder: Path) -> None:
    manifest = Manifest.model_validate_json((folder / manifests.FILE).read_bytes())
    reseal(folder, features=[manifest.features[1], manifest.features[0], *manifest.features[2:]])


def golden_changed(folder: Path) -> None:
    said = json.loads((folder / "golden.json").read_bytes())
    margins = bytearray(base64.b64decode(said["margins"]["float64le"]))
    margins[0] ^= 1
    said["margins"]["float64le"] = base64.b64encode(margins).decode()
    (folder / "golden.json").write_text(json.dumps(said))
    reseal(folder)


def few_golden(folder: Path) -> None:
    (folder / "golden.json").write_text('{"rows": {"texts": []}, "margins": {"shape": [0], "float64le": ""}}')
    reseal(folder)


def huge_manifest(folder: Path) -> None:
    (folder / manifests.FILE).write_text('{"a": [' + "0," * 5_000_000 + "0]}")


def deep_manifest(folder: Path) -> None:
    (folder / manifests.FILE).write_text('{"metrics": ' + "[" * 100_000 + "]" * 100_000 + "}")


def reference_in_yaml(folder: Path) -> None:
    (folder / "MLmodel").write_text("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")
    reseal(folder)


def code_in_yaml(folder: Path) -> None:
    (folder / "MLmodel").write_text(f"flavors: !!python/object/apply:os.system ['echo {MARK}']\n")
    reseal(folder)


def elsewhere_in_mlmodel(folder: Path) -> None:
    text = (folder / "MLmodel").read_text()
    (folder / "MLmodel").write_text(text.replace("pickled_model: model.skops", "pickled_model: ../../model.skops"))
    reseal(folder)


def escape(folder: Path) -> None:
    manifest = Manifest.model_validate_json((folder / manifests.FILE).read_bytes())
    (folder.parent / "outside").write_bytes(b"x")
    files = {**manifest.files, "../outside": manifests.stored(b"x")}
    (folder / manifests.FILE).write_bytes(manifest.model_copy(update={"files": files}).sealed().to_bytes())


def linked(folder: Path) -> None:
    shutil.copy(folder / "model.skops", folder.parent / "elsewhere")
    (folder / "model.skops").unlink()
    (folder / "model.skops").symlink_to(folder.parent / "elsewhere")


def pipe(folder: Path) -> None:
    (folder / "model.skops").unlink()
    os.mkfifo(folder / "model.skops")


def sparse(folder: Path) -> None:
    with (folder / "model.skops").open("r+b") as file:
        file.truncate(1 << 40)


def other_trees(folder: Path) -> None:
    """A good model, but not the one that the manifest describes."""
    rows = np.random.default_rng(5).normal(size=(400, 5))
    another_model(HistGradientBoostingClassifier(max_iter=3).fit(rows, rows[:, 0] > 0))(folder)


def nodes_swapped(array: Nodes) -> None:
    """Every child is in range, but two parents share one."""
    first, second = inner(array)[:2]
    array["left"][second] = array["right"][first]
    array["right"][second] = array["right"][first]


def hidden_method(schema: dict[str, Any]) -> None:
    attributes = schema["content"]["content"]
    attributes["decision_function"] = attributes.pop("verbose")


def tree_alone(folder: Path) -> None:
    repack(folder, lambda entries: entries.update({"schema.json": _tree_as_attribute(entries["schema.json"])}))


def _tree_as_attribute(text: bytes) -> bytes:
    schema = json.loads(text)
    rounds = schema["content"]["content"]["_predictors"]["content"]
    schema["content"]["content"]["max_depth"] = rounds.pop()
    return json.dumps(schema).encode()


HOSTILE: dict[str, tuple[Spoil, str, str]] = {
    "pickle renamed": (pickled, "model.skops", "pickle"),
    "pickle in an array": (pickle_in_an_array, "model.skops", "no array"),
    "not a zip file": (
        lambda f: ((f / "model.skops").write_bytes(b"x" * 99), reseal(f)),
        "model.skops",
        "not a zip",
    ),
    "foreign function": (schema_changed(function), "model.skops", "os.system"),
    "foreign call": (schema_changed(called), "model.skops", "never accepted"),
    "foreign type": (another_model(FunctionTransformer(np.sqrt)), "model.skops", "not trusted"),
    "forest not trusted": (
        another_model(RandomForestClassifier(2).fit([[0.0] * 5, [1.0] * 5], [0, 1])),
        "model.skops",
        "not trusted",
    ),
    "model in itself": (schema_changed(in_itself), "model.skops", "cannot be loaded"),
    "deep schema": (schema_changed(deep), "model.skops", "too deep"),
    "old protocol": (schema_changed(old_protocol), "model.skops", "protocol"),
    "child out of range": (set_node("left", 4_000_000_000), "model.skops", "node .*: child is outside the tree"),
    "right child out of range": (set_node("right", 10_000), "model.skops", "node .*: child is outside the tree"),
    "cycle": (set_node("left", 0), "model.skops", "reached in more than one way"),
    "shared child": (nodes_changed(nodes_swapped), "model.skops", "reached in more than one way"),
    "feature out of range": (set_node("feature_idx", 5), "model.skops", "feature is not one of 5"),
    "negative feature": (set_node("feature_idx", -1), "model.skops", "feature is not one of 5"),
    "NaN leaf": (set_node("value", np.nan, leaves), "model.skops", "value is not finite"),
    "infinite leaf": (set_node("value", np.inf, leaves), "model.skops", "value is not finite"),
    "NaN threshold": (set_node("num_threshold", np.nan), "model.skops", "threshold is not a number"),
    "categorical split": (set_node("is_categorical", 1), "model.skops", "splits on categories"),
    "leaf changed": (set_node("value", 0.125, leaves), "model.skops", "content digest"),
    "hidden method": (schema_changed(hidden_method), "model.skops", "decision_function"),
    "tree alone": (tree_alone, "model.skops", "belongs to no model"),
    "other trees": (other_trees, "model.skops", "content digest"),
    "zip bomb": (bomb, "model.skops", "unpacks to too much"),
    "lying zip bomb": (lying_bomb, "model.skops", "damaged|unpacks"),
    "many entries": (many_entries, "model.skops", "entries"),
    "huge array": (huge_array, "model.skops", "items"),
    "path escape": (escape, "manifest.json", "outside"),
    "path escape in MLmodel": (elsewhere_in_mlmodel, "MLmodel", "not a file beside it"),
    "symbolic link": (linked, "model.skops", "symbolic link"),
    "pipe": (pipe, "model.skops", "not a regular file"),
    "sparse terabyte": (sparse, "model.skops", "bytes, at most"),
    "wrong feature order": (features_swapped, "MLmodel", "other columns"),
    "missing file": (lambda f: (f / "golden.json").unlink(), "golden.json", "is missing"),
    "missing requirements": (lambda f: (f / "requirements.txt").unlink(), "requirements.txt", "is missing"),
    "missing manifest": (lambda f: (f / "manifest.json").unlink(), "manifest.json", "is missing"),
    "extra file": (lambda f: (f / "run.py").write_text("x"), "run.py", "not listed"),
    "extra folder": (lambda f: (f / "code").mkdir(), "code", "not a regular file|cannot be read"),
    "hidden file": (lambda f: (f / ".x").write_text("x"), ".x", "name"),
    "golden margin": (golden_changed, "golden.json", "1 of"),
    "few golden rows": (few_golden, "golden.json", "are the least"),
    "metrics embellished": (lambda f: reseal(f, metrics={"average_precision": 0.99}), "model.skops", "content digest"),
    "another function": (lambda f: reseal(f, function="predict"), "model.skops", "content digest"),
    "unknown format": (lambda f: reseal(f, format=2), "manifest.json", "format"),
    "huge manifest": (huge_manifest, "manifest.json", "bytes, at most"),
    "deep manifest": (deep_manifest, "manifest.json", ""),
    "references in MLmodel": (reference_in_yaml, "MLmodel", "references"),
    "code in MLmodel": (code_in_yaml, "MLmodel", "YAML"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_it_is_refused(artefact: Path, case: str, fraudstream: Run) -> None:
    """Exit code 78, the file and the reason in the message, a way out, and none of its code has run."""
    spoil, file, reason = HOSTILE[case]
    spoil(artefact)
    done = fraudstream("models", "verify", str(artefact))
    assert done.returncode == 78, (done.returncode, done.stderr)
    assert f"{artefact}" in done.stderr
    said = done.stderr.replace(str(artefact), "")  # whose name tells of the case
    assert file in said
    assert re.search(reason, said), said
    assert "fix: " in done.stderr
    assert MARK not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_good_one_passes(artefact: Path, fraudstream: Run) -> None:
    """The same program, the same way: exit code 0."""
    done = fraudstream("models", "verify", str(artefact))
    assert (done.returncode, done.stderr) == (0, "")
    assert "equal to the last bit" in done.stdout


@pytest.mark.parametrize("field", ["left", "feature_idx", "width"])
def test_a_forest_that_is_trusted_is_checked_too(make: Callable[..., Path], fraudstream: Run, field: str) -> None:
    """Trust in a type is not trust in its content: plain trees have the same bounds."""
    rows = np.random.default_rng(3).normal(size=(600, 5))
    forest = RandomForestClassifier(3, max_depth=3, n_jobs=-1).fit(rows, rows[:, 0] > 0)
    folder = make("forest", model=forest, golden=choose(rows, forest.predict_proba))
    types = ("ensemble._forest.RandomForestClassifier", "tree._classes.DecisionTreeClassifier", "tree._tree.Tree")
    trusted = ("--set", "models.trusted=" + ",".join(f"sklearn.{name}" for name in types))
    assert fraudstream("models", "verify", str(folder)).returncode == 78
    assert fraudstream("models", "verify", str(folder), *trusted).returncode == 0

    def change(entries: dict[str, bytes]) -> None:
        if field == "width":
            schema = json.loads(entries["schema.json"])
            schema["content"]["content"]["n_features_in_"] |= {"content": "1", "__id__": 1}
            entries["schema.json"] = json.dumps(schema).encode()
            return
        for name in sorted(entries):
            array = np.load(io.BytesIO(entries[name])) if name.endswith(".npy") else None
            if array is not None and array.dtype.names:
                array["left_child" if field == "left" else "feature"][0] = 1_000_000
                np.save(buffer := io.BytesIO(), array)
                entries[name] = buffer.getvalue()

    repack(folder, change)
    done = fraudstream("models", "verify", str(folder), *trusted)
    assert done.returncode == 78
    fault = {"left": "child is outside", "feature_idx": "feature is not one of 5", "width": "the rows have 1"}[field]
    assert fault in done.stderr


def test_the_same_child_crashes_without_the_check(model: BaseEstimator, tmp_path: Path) -> None:
    """What the check is for: scikit-learn follows the index out of its memory."""
    code = (
        "import sys, numpy as np; from skops.io import loads\n"
        "model = loads(open(sys.argv[1], 'rb').read(), trusted=[sys.argv[2]])\n"
        "nodes = model._predictors[0][0].nodes; nodes['left'][0] = nodes['right'][0] = 4_000_000_000\n"
        "print(model.decision_function(np.zeros((10, 5))))\n"
    )
    (tmp_path / "model.skops").write_bytes(dumps(model))
    name = f"{TreePredictor.__module__}.{TreePredictor.__qualname__}"
    command = [sys.executable, "-c", code, str(tmp_path / "model.skops"), name]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode < 0

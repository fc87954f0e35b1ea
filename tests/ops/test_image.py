"""The Dockerfile: what goes in is locked and listed, what comes out cannot do more than score."""

import json
import re
import tomllib
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from schemas.settings import Settings, leaves, load
from schemas.settings.masking import SECRET_NAMES

Stage = list[tuple[str, str]]


@pytest.fixture(scope="module")
def stages(root: Path) -> list[Stage]:
    """Instructions and their arguments, stage by stage; continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (root / "Dockerfile").read_text("utf-8"))
    found: list[Stage] = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            instruction, _, rest = line.partition(" ")
            found += [[]] if instruction == "FROM" else []
            found[-1].append((instruction, rest))
    return found


@pytest.fixture(scope="module")
def last(stages: list[Stage]) -> dict[str, str]:
    """The last stage, whose instructions each appear once but for COPY and RUN."""
    return dict(stages[-1])


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def environment(last: dict[str, str]) -> dict[str, str]:
    return dict(each.split("=", 1) for each in last["ENV"].split())


def runs(stages: list[Stage]) -> list[str]:
    return [rest for stage in stages for instruction, rest in stage if instruction == "RUN"]


def closure(name: str) -> set[str]:
    """The package and everything it needs here."""
    needed = {name}
    for each in map(Requirement, requires(name) or []):
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            needed |= closure(each.name)
    return needed


def test_one_pinned_base(stages: list[Stage], project: dict[str, Any]) -> None:
    """Every stage begins with the same image, named by version and release, of a Python that we support."""
    (base,) = {stage[0][1].split()[0] for stage in stages}
    found = re.fullmatch(r"python:(?P<version>3\.\d+)-slim-[a-z]+", base)
    assert found
    assert f"Programming Language :: Python :: {found['version']}" in project["project"]["classifiers"]


def test_everything_installed_is_locked(stages: list[Stage]) -> None:
    """Installs check hashes, or may look nowhere: there is no third way in."""
    installs = [each for run in runs(stages) for each in run.split("&&") if " install " in each and "pip" in each]
    assert len(installs) == 3
    for each in installs:
        assert ("--require-hashes" in each) != ("--no-index --no-deps /wheel/" in each), each
    assert any("--only-binary :all:" in each and each.endswith("-r requirements.lock") for each in installs)
    assert not any(tool in run for run in runs(stages) for tool in ("apt-get", "curl", "wget", "git "))


def test_the_build_backend_is_taken_whole_from_the_lock(stages: list[Stage]) -> None:
    """The names picked from the development lock are the backend and all it needs."""
    (names,) = (found for run in runs(stages) for found in re.findall(r"/\^\(([^)]+)\)==/", run))
    assert set(names.split("|")) == closure("hatchling")


def test_only_what_is_named_goes_in(stages: list[Stage], project: dict[str, Any], root: Path) -> None:
    """The build sees the packages, what their metadata needs and the locks; every copied file is among them."""
    lines = (root / ".dockerignore").read_text("utf-8").splitlines()
    first, *rest = [line for line in lines if line and not line.startswith("#")]
    named = {line.removeprefix("!") for line in rest if line.startswith("!")}
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    described = {project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml"}
    assert first == "*"
    assert named == packages | described | {"requirements.lock", "requirements-dev.lock"}
    assert all((root / each).exists() for each in named)
    copied = {rest.split()[0] for stage in stages for name, rest in stage if name == "COPY" and "--from" not in rest}
    assert copied - {"."} <= named


def test_it_runs_as_nobody_in_particular(last: dict[str, str]) -> None:
    """A fixed number that is not root's, so that an orchestrator can see it; the last change of user."""
    user, group = last["USER"].split(":")
    assert user == group != "0"
    assert f"--uid {user} --gid {group}" in last["RUN"]
    assert list(last)[list(last).index("USER") :] == [
        *("USER", "WORKDIR", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD")
    ]


def test_it_holds_no_tools(last: dict[str, str]) -> None:
    """The installer goes from the base image and never enters the environment."""
    assert last["RUN"].startswith("pip uninstall --yes")


def test_it_holds_no_secrets(stages: list[Stage], root: Path) -> None:
    """Nothing that is set in the image is a password, and files with passwords are not seen by the build."""
    given = [rest for stage in stages for instruction, rest in stage if instruction in {"ENV", "ARG"}]
    assert not [each for each in given if SECRET_NAMES.search(each)]
    assert "!.env" not in (root / ".dockerignore").read_text("utf-8")


def test_what_it_writes_it_may_write(environment: dict[str, str], last: dict[str, str]) -> None:
    """Compiled code and schemas are kept in the folder that the user owns, which is also where it starts."""
    home = last["WORKDIR"]
    assert f"--owner {last['USER'].split(':')[0]} --group {last['USER'].split(':')[1]} {home}" in last["RUN"]
    assert Path(environment["NUMBA_CACHE_DIR"]).parent == Path(home)
    assert Path(environment["FRAUDSTREAM_REGISTRY_CACHE"]).parent == Path(home)


def test_its_settings_exist(environment: dict[str, str], last: dict[str, str]) -> None:
    """Every setting that the image makes exists, and health answers beyond the container on the exposed port."""
    ours = {name: value for name, value in environment.items() if name.startswith("FRAUDSTREAM_")}
    assert set(ours) <= {leaf.env for leaf in leaves()}
    assert load(env=ours).health.host == "0.0.0.0"
    assert last["EXPOSE"] == str(Settings().health.port)


def test_health_is_asked_as_in_compose(last: dict[str, str], services: dict[str, Any]) -> None:
    """Some runtimes ignore the image's health check, so the compose file has the same one."""
    asked = json.loads(last["HEALTHCHECK"].partition("CMD ")[2])
    assert ["CMD", *asked] == services["scorer"]["healthcheck"]["test"]


def test_it_starts_and_stops(last: dict[str, str], project: dict[str, Any]) -> None:
    """The entry point is our program, told to end by the signal it listens for."""
    (entry,) = json.loads(last["ENTRYPOINT"])
    assert entry in project["project"]["scripts"]
    assert json.loads(last["CMD"]) == ["score"]
    assert last["STOPSIGNAL"] == "SIGTERM"


def test_it_says_what_it_is(last: dict[str, str], project: dict[str, Any]) -> None:
    """Its labels are those of the package."""
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', last["LABEL"]))
    package = project["project"]
    assert labels["title"] == package["name"]
    assert labels["version"] == package["version"]
    assert labels["licenses"] == package["license"]
    assert package["description"].startswith(labels["description"])


def test_compose_mounts_what_the_image_writes(last: dict[str, str], services: dict[str, Any]) -> None:
    """With the root folder read-only, the volume is where the image keeps its files."""
    for name in ("topics", "scorer"):
        (volume,) = services[name]["volumes"]
        assert volume.partition(":")[2] == last["WORKDIR"]

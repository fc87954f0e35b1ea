"""The CronJob of the nightly run names what there is: settings, the image of this release, a command, exit codes."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.errors import Misconfigured, RestartMe, Usage
from schemas.settings import leaves


@pytest.fixture
def job(root: Path) -> Any:
    return yaml.safe_load((root / "ops" / "nightly-cronjob.yaml").read_text("utf-8"))["spec"]["jobTemplate"]["spec"]


def test_it_runs_this_release_with_settings_that_exist(job: Any, root: Path) -> None:
    """A slip in a name would be refused at night."""
    [container] = job["template"]["spec"]["containers"]
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert container["image"] == f"fraudstream:{version}"
    assert container["args"][:2] == ["nightly", "run"]
    assert {each["name"] for each in container["env"]} <= {leaf.env for leaf in leaves()}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_what_does_not_heal_is_not_tried_again(job: Any) -> None:
    """A wrong input and a refusing gate; a lock that is held is."""
    [rule] = job["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert set(rule["onExitCodes"]["values"]) == {Usage.exit_code, Misconfigured.exit_code}
    assert RestartMe.exit_code not in rule["onExitCodes"]["values"]

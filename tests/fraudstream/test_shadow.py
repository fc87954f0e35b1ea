"""A shadow scores beside the live group, with another model, and is never in its way."""

import os
import subprocess
import sys
from dataclasses import replace

from support.deployment import Deployment
from support.registered import Shop

from fraudstream.shadow import shadowed
from schemas.settings import Settings
from schemas.topics import Role


def test_it_shares_nothing_that_is_written(settings: Settings) -> None:
    """Group, identity, ports and topics of answers are its own; what is read, and the rest, is the same."""
    beside = shadowed(settings, "models:/fraud/2")
    mine, theirs = (each.model_dump() for each in (settings, beside))
    changed = {f"{group}.{name}" for group in mine for name in mine[group] if mine[group][name] != theirs[group][name]}
    written = {f"topics.{name}" for name in ("flags", "scores", "dlq", "epochs")}
    assert changed == written | {"score.group", "score.app", "output.scores", "models.live"}
    listening = settings.model_copy(update={"health": settings.health.model_copy(update={"port": 9464})})
    assert shadowed(listening).health.port == 9564


def test_two_models_answer_the_same_transactions(deployment: Deployment) -> None:
    """The rules flag as ever; the challenger's answers stand on topics of their own, one for each transaction."""
    settings = deployment.settings
    model = Shop(settings, deployment.folder).model(0)
    Shop(settings, deployment.folder).policy(model, review_at=0.0005, block_at=0.5)
    made = subprocess.run(
        [sys.executable, "-m", "fraudstream", "topics", "create", "--shadow"],
        env=os.environ | deployment._environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert [line.split()[1].rstrip(":") for line in made.stdout.splitlines() if line.startswith("made ")] == [
        f"{settings.topics.name(role)}-shadow" for role in (Role.FLAGS, Role.SCORES, Role.DLQ, Role.EPOCHS)
    ]
    given = {"score_start": "earliest"}
    deployment.publish([deployment.transaction(number, amount_minor=900_000 - number) for number in range(100)])
    beside = deployment.start("--shadow", model, **given)
    live = deployment.start(**given)
    flags = deployment.await_records(Role.FLAGS, 100).decisions
    shadow = replace(deployment, settings=shadowed(settings, model))
    scores = shadow.await_records(Role.SCORES, 100).decisions
    assert [deployment.stop(each) for each in (live, beside)] == [0, 0]
    assert {each["model"]["name"] for each in flags} == {"rules"}
    assert {each["model"]["name"] for each in scores} == {"fraud"}
    assert {each["event_id"] for each in flags} == {each["event_id"] for each in scores}
    assert len(deployment.read(Role.FLAGS).messages) == 100
    assert {each["model"]["name"] for each in deployment.read(Role.EPOCHS).epochs} == {"rules"}

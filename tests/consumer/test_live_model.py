"""A trained model at work on a real Kafka: what is promoted while it runs decides from the next lot on."""

import numpy as np
from support.deployment import Deployment
from support.registered import Shop, estimator

from models.policies.reasons import SENTENCES
from schemas.topics import Role

GIVEN = {"score_start": "earliest", "output_scores": "true", "models_check_every": "1s"}


def rows(deployment: Deployment, first: int, count: int) -> list[dict[str, object]]:
    return [
        deployment.transaction(number, amount_minor=50 + 977 * number % 90_000, terminal_id=f"t{number % 9}")
        for number in range(first, first + count)
    ]


def test_a_promotion_decides_from_the_next_lot_on(deployment: Deployment) -> None:
    """Scores are scikit-learn's on the recorded features, to the last bit; each epoch names the model that decided."""
    shop = Shop(deployment.settings, deployment.folder)
    shop.champion(0, review_at=0.0005, block_at=0.5)
    process = deployment.start(**GIVEN)
    deployment.publish(rows(deployment, 0, 400))
    deployment.await_records(Role.SCORES, 400)
    shop.champion(1, review_at=0.0005, block_at=0.5)
    deployment.await_event("decider.loaded")
    deployment.publish(rows(deployment, 400, 400))
    decisions = deployment.await_records(Role.SCORES, 800).decisions
    assert deployment.stop(process) == 0
    by_version = {version: [each for each in decisions if each["model"]["version"] == version] for version in "12"}
    assert [len(each) for each in by_version.values()] == [400, 400]
    for seed, mine in enumerate(by_version.values()):
        matrix = np.array([each["features"] for each in mine])
        margins = np.array([each["raw_margin"] for each in mine])
        assert margins.tobytes() == estimator(seed).decision_function(matrix).tobytes()
    epochs = {(each["partition"], each["first_offset"]): each for each in deployment.read(Role.EPOCHS).epochs}
    for each in decisions:
        epoch = epochs[each["source"]["partition"], each["epoch"]]
        assert (epoch["model"], epoch["policy"]) == (each["model"], each["policy"])
    flags = deployment.read(Role.FLAGS).decisions
    assert flags
    assert all(2 <= len(each["reasons"]) <= 4 and set(each["reasons"]) <= set(SENTENCES) for each in flags)


def test_rules_do_not_take_the_place_of_a_model_that_is_gone(deployment: Deployment) -> None:
    """A registry that is not where it was stops the worker before it answers; whoever wants rules says so."""
    shop = Shop(deployment.settings, deployment.folder)
    shop.champion(0, review_at=0.0005, block_at=0.5)
    deployment.publish(rows(deployment, 0, 20))
    assert deployment.score("--max-messages", "20", **GIVEN) == 0
    root = deployment.settings.models.root
    root.rename(root.with_name("not mounted"))
    deployment.publish(rows(deployment, 20, 20))
    assert deployment.score("--max-messages", "20", **GIVEN) == 78
    assert "no model is found" in deployment.log()
    assert len(deployment.read(Role.SCORES).messages) == 20
    assert deployment.score("--max-messages", "20", models_live="", **GIVEN) == 0
    models = [each["model"]["name"] for each in deployment.await_records(Role.SCORES, 40).decisions]
    assert sorted(models) == ["fraud"] * 20 + ["rules"] * 20


def test_a_damaged_model_stops_the_start(deployment: Deployment) -> None:
    """Exit code 78 before the group is joined, with the file named; nothing is scored by anything else."""
    shop = Shop(deployment.settings, deployment.folder)
    folder = shop.registry.resolve(shop.champion(0)).folder
    model = folder / "model.skops"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    deployment.publish(rows(deployment, 0, 10))
    assert deployment.score("--max-seconds", "30", **GIVEN) == 78
    assert "model.skops" in deployment.log()
    assert not [each for each in deployment.events() if each["event"] == "source.assigned"]

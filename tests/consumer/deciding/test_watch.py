"""What becomes live decides from the next lot on; what cannot be used changes nothing but a metric and a line."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.registered import BY, Shop, sights

from consumer.deciding import Watch, live, show
from consumer.metrics import DEGRADED, MODEL_INFO, RELOAD_FAILED, RELOADS
from models.bank import Bank
from models.decide import Decider
from models.minds import Mind
from models.registry.ledger import FILE
from schemas.settings import Settings

Make = Callable[..., Settings]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(shop: Shop, clock: Clock) -> Iterator[Callable[[], Watch]]:
    """From what is live now; each `look` is the test's."""
    DEGRADED.labels(RELOAD_FAILED).set(0)
    yield lambda: Watch(shop.settings, live(shop.settings), clock=clock)
    DEGRADED.labels(RELOAD_FAILED).set(0)


def failing() -> bool:
    return bool(DEGRADED.labels(RELOAD_FAILED)._value.get())


def count(outcome: str) -> float:
    return float(RELOADS.labels(outcome)._value.get())


def said(decider: Decider | None) -> tuple[str, str] | None:
    return None if decider is None else (decider.model.version, decider.policy)


def then(watch: Watch) -> tuple[str, str] | None:
    """What the next lot is decided by, if that is something else."""
    watch.look()
    return said(watch.newest())


def test_models_policies_and_lists_are_followed(shop: Shop, watch: Callable[[], Watch]) -> None:
    """Up and back: each is what a worker that started now would decide by, and is handed out once."""
    following = watch()
    assert then(following) is None
    steps: list[Callable[[], object]] = [
        lambda: shop.champion(0),
        lambda: shop.champion(1, exploration=0.5),
        lambda: shop.listing("card_block", "c1"),
        lambda: shop.policy("models:/fraud/2", review_at=0.0625),
        lambda: shop.policies.rollback("models:/fraud/2", BY),
        lambda: shop.registry.rollback("fraud", BY),
        lambda: shop.listing("rule_snooze", "amount_high"),
    ]
    seen = []
    for step in steps:
        step()
        seen.append(then(following))
        assert seen[-1] == said(live(shop.settings))
        assert following.newest() is None
    assert [each[0] for each in seen if each] == ["1", "2", "2", "2", "2", "1", "1"]
    assert not failing()


def test_the_new_one_decides_as_one_that_was_there_from_the_start(shop: Shop, watch: Callable[[], Watch]) -> None:
    """To the last bit."""
    following = watch()
    shop.champion(1)
    following.look()
    newest = following.newest()
    assert newest is not None
    (lot, sight), *_ = sights(Bank.of(shop.settings), 500)
    one, other = newest.decide(lot, sight), live(shop.settings).decide(lot, sight)
    assert one.score.tobytes() == other.score.tobytes()
    assert one.codes == other.codes


def test_it_is_handed_out_between_lots_alone(shop: Shop, watch: Callable[[], Watch]) -> None:
    """Only the last of several; nothing where it is what decided all along."""
    shop.champion(0)
    following = watch()
    shop.champion(1)
    following.look()
    shop.listing("card_block", "c1")
    following.look()
    shop.registry.rollback("fraud", BY)
    shop.settings.models.root.joinpath(FILE).touch()
    following.look()
    assert said(following.newest()) == said(live(shop.settings))
    shop.champion(2)
    following.look()
    shop.registry.rollback("fraud", BY)
    assert then(following) is None


def test_a_model_that_stays_is_not_loaded_again(shop: Shop, watch: Callable[[], Watch]) -> None:
    """A list that changes every minute costs no load."""
    shop.champion(0)
    following = watch()
    following.look()
    mind = live(shop.settings).mind
    shop.listing("card_block", "c1")
    (shop.settings.models.root / "fraud" / "1" / "model.skops").unlink()
    following.look()
    newest = following.newest()
    assert newest is not None
    assert newest.lists.version == 1
    assert newest.mind.ref == mind.ref


def test_nothing_is_read_while_the_ledger_stands_still(shop: Shop, clock: Clock) -> None:
    """Only its file is looked at."""
    shop.champion(0)
    asked = []

    def choose(settings: Settings, known: Mind | None) -> Decider:
        asked.append(known)
        return first

    first = live(shop.settings)
    following = Watch(shop.settings, first, choose=choose, clock=clock)
    for _ in range(5):
        following.look()
    assert len(asked) == 1
    shop.listing("card_block", "c1")
    following.look()
    assert len(asked) == 2


def broken(shop: Shop) -> None:
    """Promoted, then damaged: whoever promotes checks it."""
    model = shop.model(1)
    shop.policy(model)
    shop.registry.promote(model, BY)
    path = shop.settings.models.root / "fraud" / "2" / "model.skops"
    path.write_bytes(path.read_bytes()[:-1])


def of_other_features(shop: Shop) -> None:
    model = shop.model(1, feature_version=1)
    shop.policy(model)
    shop.registry.promote(model, BY)


def without_a_policy(shop: Shop) -> None:
    shop.registry.promote(shop.model(1), BY)


def under_other_settings(shop: Shop) -> None:
    shop.champion(1, home_countries=("FR",))


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (broken, "model.skops: is not the file that manifest.json lists"),
        (of_other_features, "was made for feature_version 1"),
        (without_a_policy, "no policy is live for models:/fraud/2"),
        (under_other_settings, "rules.home_countries is DE, the policy has FR"),
    ],
)
def test_what_is_bad_leaves_the_old_one(
    bad: Callable[[Shop], None], why: str, shop: Shop, watch: Callable[[], Watch]
) -> None:
    """It is said once, shown while it lasts, tried again when the ledger changes, and over when that is good."""
    shop.champion(0)
    following, failed = watch(), count("failed")
    with capture_logs() as logs:
        bad(shop)
        assert then(following) is None
        assert failing()
        assert then(following) is None
        shop.listing("card_block", "c1")
        assert then(following) is None
    assert count("failed") - failed == 2
    [line] = [each for each in logs if each["event"] == "reload.failed"]
    assert why in line["why"]
    assert line["still"].startswith("fraud/1")
    shop.registry.rollback("fraud", BY)
    assert then(following) == said(live(shop.settings))
    assert not failing()


def test_a_failure_is_tried_again_after_a_while(shop: Shop, watch: Callable[[], Watch], clock: Clock) -> None:
    """Whoever puts the files back does not write into the ledger."""
    shop.champion(0)
    following = watch()
    broken(shop)
    following.look()
    assert failing()
    good = shop.folder / "artefact-1" / "model.skops"
    (shop.settings.models.root / "fraud" / "2" / "model.skops").write_bytes(good.read_bytes())
    clock.now = 59.0
    assert then(following) is None
    clock.now = 60.0
    assert then(following) == said(live(shop.settings))
    assert not failing()


@pytest.mark.parametrize("part", ["", FILE])
def test_out_of_reach_is_not_empty(part: str, shop: Shop, watch: Callable[[], Watch]) -> None:
    """A folder that is not mounted or a ledger that is gone takes nothing back; when it is there again, all is well."""
    shop.champion(0)
    following = watch()
    following.look()
    place = shop.settings.models.root / part
    away = Path(f"{place}.away")
    place.rename(away)
    with capture_logs() as logs:
        assert then(following) is None
        assert then(following) is None
    assert failing()
    assert [each["event"] for each in logs] == ["reload.failed"]
    away.rename(place)
    assert then(following) is None
    assert not failing()


def test_lists_that_are_out_of_reach_stay(shop: Shop, watch: Callable[[], Watch]) -> None:
    """With rules alone, too."""
    shop.listing("card_block", "c1")
    following = watch()
    following.look()
    shop.settings.models.root.rename(shop.folder / "away")
    assert then(following) is None
    assert failing()


def test_no_registry_is_no_failure(make: Make, watch: Callable[[], Watch], shop: Shop) -> None:
    """There never was one: rules decide, and it is watched for."""
    following = watch()
    assert then(following) is None
    assert not failing()
    shop.champion(0)
    assert then(following) == said(live(shop.settings))


def test_a_tampered_ledger_changes_nothing(shop: Shop, watch: Callable[[], Watch]) -> None:
    """Not even where it says that a rollback was made."""
    shop.champion(0)
    shop.champion(1)
    following = watch()
    ledger = shop.settings.models.root / FILE
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:-1]))
    assert then(following) is None
    assert failing()
    ledger.write_bytes(b"".join(lines).replace(b"because", b"becauze"))
    assert then(following) is None
    assert failing()


def test_what_decides_is_a_metric(shop: Shop, watch: Callable[[], Watch]) -> None:
    """One alone, and from the lot on that it decides."""
    following = watch()
    show(live(shop.settings))
    shop.champion(0)
    following.look()
    assert [sample.labels["name"] for sample in MODEL_INFO.collect()[0].samples] == ["rules"]
    newest = following.newest()
    assert newest is not None
    [sample] = MODEL_INFO.collect()[0].samples
    assert sample.labels == {
        "name": "fraud",
        "version": "1",
        "digest": newest.model.digest,
        "policy": newest.policy,
    }


def test_it_looks_by_itself(shop: Shop, make: Make) -> None:
    """In a thread, every so often, until it is closed."""
    settings = make(models__check_every="10ms")
    following = Watch(settings, live(settings))
    following.start()
    shop.champion(0)
    deadline = time.monotonic() + 30
    while (newest := following.newest()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert newest.model.name == "fraud"
    following.close()
    assert "registry" not in {thread.name for thread in threading.enumerate()}


def test_it_can_be_told_not_to(make: Make) -> None:
    """`0s` is never."""
    settings = make(models__check_every="0s")
    following = Watch(settings, live(settings))
    following.start()
    assert "registry" not in {thread.name for thread in threading.enumerate()}
    following.close()

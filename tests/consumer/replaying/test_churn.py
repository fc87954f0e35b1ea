"""Decisions that weighed churn, computed anew out of the archive: nobody asks Redis."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis
from support.churn import many, meta_of, pack, write
from support.deployment import Deployment
from support.past import DAY, T0, WARM, publish, publish_labels, transactions
from support.registered import Shop

from consumer.enriching.lookups import REST_S
from consumer.replaying.account import Account
from consumer.replaying.explanation import Explanation
from consumer.replaying.generations import Generations, Shelf
from fraudstream.replaying import explained as words
from models.churn.volume import volume
from schemas.churn import Keys, to_text
from schemas.errors import DependencyAway, Misconfigured
from schemas.settings import Settings
from schemas.topics import Role

Explain = Callable[[Settings, str], Explanation]
ROWS = 620
MAX_AGE_DAYS = 12
GIVEN = {
    "score_start": "earliest",
    "output_scores": "true",
    "enrich_check_every": "100ms",
    "enrich_max_age": f"{MAX_AGE_DAYS}d",
}
CHURN = {"customer_value_minor": 200}
NIGHTS = {"g1": (1, 31), "g2": (2, 36), "g3": (3, 35)}
"""Seed, and how many days after the first transaction: when the longest window is covered."""


def scores(seed: int) -> dict[str, int]:
    """Of most customers: some of those who pay are nobody's."""
    return {customer: score for customer, score in many(seed, 20).items() if int(customer) % 6 != seed}


def night(deployment: Deployment, archive: Path, name: str) -> None:
    seed, days = NIGHTS[name]
    as_of = datetime.fromtimestamp(T0 / 1000, UTC) + timedelta(days=days)
    meta = meta_of(name, scores(seed), as_of=as_of)
    (archive / "churn").mkdir(parents=True, exist_ok=True)
    (archive / "churn" / f"{name}.churn").write_bytes(volume(meta, pack(scores(seed))))
    with Redis.from_url(deployment.settings.redis.url.get_secret_value()) as redis:
        write(redis, Keys(deployment.settings.redis.prefix), meta, scores(seed), fence=seed)


def damage(deployment: Deployment, text: str) -> None:
    """One customer's score in the buckets of g3: every lot with that customer is cut short."""
    with Redis.from_url(deployment.settings.redis.url.get_secret_value()) as redis:
        redis.hset(Keys(deployment.settings.redis.prefix).bucket("g3", 0), "5", text)


def settings_of(settings: Settings, archive: Path | None) -> Settings:
    url = None if archive is None else SecretStr(str(archive))
    enrich = settings.enrich.model_copy(update={"max_age": f"{MAX_AGE_DAYS}d"})
    kept = settings.archive.model_copy(update={"url": url})
    return settings.model_copy(update={"enrich": enrich, "archive": kept})


def test_generations_that_moved_and_went_are_weighed_again(
    deployment: Deployment,
    again: Callable[..., Account],
    explained: Explain,
    tmp_path: Path,
) -> None:
    """None, one after the other, stale, asked for and cut short: every bit, from the archive alone."""
    archive, sent = tmp_path / "archive", transactions(ROWS)
    publish_labels(deployment.settings, sent)
    shop = Shop(deployment.settings, deployment.folder)
    shop.champion(0, review_at=0.0005, block_at=0.002, churn=CHURN)
    process = deployment.start(**GIVEN)
    publish(deployment.settings, sent[:400])
    deployment.await_records(Role.SCORES, 400)
    for done, (count, name) in enumerate([(400, "g1"), (460, "g2")], 1):
        night(deployment, archive, name)
        deployment.await_event("churn.generation", done)
        publish(deployment.settings, sent[count : count + 60])
        deployment.await_records(Role.SCORES, count + 60)
    assert deployment.stop(process) == 0
    night(deployment, archive, "g3")
    damage(deployment, "high")
    process = deployment.start(**GIVEN, enrich_mode="lookup", redis_budget_ms="2000")
    publish(deployment.settings, sent[520:560])
    deployment.await_records(Role.SCORES, 560)
    damage(deployment, to_text(scores(3)["5"]))
    time.sleep(REST_S)
    publish(deployment.settings, sent[560:])
    deployment.await_records(Role.SCORES, len(sent))
    assert deployment.stop(process) == 0

    decisions = deployment.read(Role.SCORES).decisions
    seen = Counter((each["churn"]["generation"], each["churn"]["status"]) for each in decisions)
    every = {(name, status) for name in ("g1", "g2") for status in ("fresh", "unknown_customer")}
    every |= {(None, "unavailable"), ("g3", "unavailable"), ("g3", "fresh"), ("g3", "stale")}
    assert every <= set(seen), seen
    assert {"spared"} <= {mark for each in decisions for mark in each["marks"]}
    assert {each["outcome"] for each in decisions if each["churn"]["status"] == "fresh"} >= {"review", "block"}

    kept = settings_of(deployment.settings, archive)
    found_again = again(kept)
    assert (found_again.equal, found_again.unkept) == (True, {}), found_again.differences
    spared = next(each for each in decisions if "spared" in each["marks"] and each["churn"]["status"] == "fresh")
    one = explained(kept, spared["event_id"])
    assert (one.equal, one.recorded, one.rebuilt, one.unkept) == (True, [], [], False)
    assert "for this customer" in dict(words.sheets(one, "t")[0].rows)["thresholds"]

    _without(deployment, archive, again, explained, spared)


def _without(
    deployment: Deployment, archive: Path, again: Callable[..., Account], explained: Explain, spared: Mapping[str, Any]
) -> None:
    """What is not kept is said, and decisions are held against what they say themselves; what is another is found."""
    generation = spared["churn"]["generation"]
    file = archive / "churn" / f"{generation}.churn"
    file.rename(file.with_suffix(".aside"))
    lacking = again(settings_of(deployment.settings, archive))
    assert (lacking.equal, set(lacking.unkept)) == (True, {generation}), lacking.differences
    one = explained(settings_of(deployment.settings, archive), spared["event_id"])
    assert (one.equal, one.unkept) == (True, True)
    assert "is not kept" in str(words.sheets(one, "t"))

    seed, days = NIGHTS[generation]
    as_of = datetime.fromtimestamp(T0 / 1000, UTC) + timedelta(days=days)
    file.write_bytes(volume(meta_of(generation, scores(seed + 5), as_of=as_of), pack(scores(seed + 5))))
    other = again(settings_of(deployment.settings, archive))
    assert not other.equal
    assert other.fields["churn"] > 0


def test_what_an_archive_holds_is_believed_by_its_digest_and_its_name(tmp_path: Path) -> None:
    """What is not there is not kept; what is damaged, or another generation, stops whoever asks."""
    (tmp_path / "churn").mkdir()
    content = volume(meta_of("g1", scores(1)), pack(scores(1)))
    (tmp_path / "churn" / "g1.churn").write_bytes(content)
    (tmp_path / "churn" / "g2.churn").write_bytes(content[:-1])
    (tmp_path / "churn" / "g3.churn").write_bytes(content)
    (tmp_path / "churn" / "g4.churn").mkdir()
    shelf = Shelf(str(tmp_path))
    assert len((shelf.read("g1") or pytest.fail("it is there")).packed) == len(scores(1))
    assert (shelf.read("g0"), Generations.of(settings_of(Settings(), None))._read("g1")) == (None, None)
    with pytest.raises(Misconfigured, match=r"g2\.churn is damaged"):
        shelf.read("g2")
    with pytest.raises(Misconfigured, match=r"g3\.churn holds generation g1"):
        shelf.read("g3")
    with pytest.raises(DependencyAway, match=r"g4\.churn cannot be read"):
        shelf.read("g4")
    with pytest.raises(Misconfigured, match=r"archive\.url"):
        Shelf("nowhere://x").read("g1")


def test_days_of_the_nights_lie_among_the_transactions() -> None:
    """Else no generation would be fresh for some of them and stale for others."""
    stamps = [each.stamp for each in transactions(ROWS)]
    assert all(T0 + WARM * DAY <= T0 + days * DAY < stamps[-1] for _, days in NIGHTS.values())

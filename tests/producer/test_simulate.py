import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from models.decide import RulesDecider
from models.features import Places
from models.policy import Policy
from models.rules import Limits
from producer.population import COUNTRIES, Population
from producer.simulate import BLOCK, CURRENCY, DAY_MS, Simulation, live
from schemas.contracts import TRANSACTION
from schemas.lot import SCHEMA
from schemas.settings import Settings

START_MS = 1_767_225_600_000
ROWS = 100_000


@pytest.fixture(scope="module")
def people() -> Population:
    return Population.of(3_000, seed=7)


@pytest.fixture(scope="module")
def rows(people: Population) -> pa.RecordBatch:
    return simulation(people).rows(0, ROWS)


def simulation(people: Population, seed: int = 1) -> Simulation:
    return Simulation(people, seed, START_MS, per_day=10_000)


def test_has_the_columns_of_the_contract_in_their_types(rows: pa.RecordBatch) -> None:
    """A chunk has every field of the contract, as a lot has it."""
    names = [field["name"] for field in TRANSACTION.schema["fields"]]
    assert rows.schema.names == names
    assert [field.type for field in rows.schema] == [SCHEMA.field(name).type for name in names]
    assert all(rows[field["name"]].null_count == 0 for field in TRANSACTION.schema["fields"] if "default" not in field)


def test_same_seed_same_rows() -> None:
    """The same seed gives the same rows from a population made anew."""
    first, second = (simulation(Population.of(500, seed=7)).rows(0, 5_000) for _ in range(2))
    assert first.equals(second)


def test_another_seed_gives_other_rows(people: Population) -> None:
    """Seeds matter, and no event id occurs under two of them."""
    one, other = (simulation(people, seed).rows(0, 1_000) for seed in (1, 2))
    assert not one["amount_minor"].equals(other["amount_minor"])
    assert not set(one["event_id"].to_pylist()) & set(other["event_id"].to_pylist())


@pytest.mark.parametrize("size", [1_000, BLOCK - 1, BLOCK, 3 * BLOCK + 7])
def test_chunks_do_not_change_the_rows(rows: pa.RecordBatch, people: Population, size: int) -> None:
    """However the sequence is cut, it is the same sequence, and as long as asked for."""
    chunks = list(simulation(people).chunks(ROWS, size))
    assert [len(chunk) for chunk in chunks[:-1]] == [size] * (len(chunks) - 1)
    assert pa.Table.from_batches(chunks).equals(pa.Table.from_batches([rows]))


def test_may_begin_anywhere(rows: pa.RecordBatch, people: Population) -> None:
    """A row does not depend on the rows asked for before it."""
    assert simulation(people).rows(20_000, 30).equals(rows.slice(20_000, 30))


def test_no_block_repeats_another(rows: pa.RecordBatch) -> None:
    """The sequence does not come round again."""
    blocks = [rows["amount_minor"].slice(first, BLOCK) for first in range(0, ROWS - BLOCK, BLOCK)]
    assert len({str(block.to_pylist()) for block in blocks}) == len(blocks)


def test_ids(rows: pa.RecordBatch, people: Population) -> None:
    """Event ids are unique, customer ids are dense decimals, and a card belongs to one customer."""
    assert len(set(rows["event_id"].to_pylist())) == ROWS
    assert people.customer_ids.to_pylist() == [str(number) for number in range(1, 3_001)]
    pairs = set(zip(rows["card_id"].to_pylist(), rows["customer_id"].to_pylist(), strict=True))
    assert len(pairs) == len({card for card, _ in pairs})
    assert rows["card_id"][0].as_py().startswith("card-")
    assert rows["terminal_id"][0].as_py().startswith("term-")


def test_times_follow_the_day(rows: pa.RecordBatch) -> None:
    """Event times never fall, fill the days evenly, and leave the nights quiet."""
    times = rows["event_time"].cast(pa.int64()).to_numpy()
    assert times[0] >= START_MS
    assert (np.diff(times) >= 0).all()
    assert times[-1] // DAY_MS - START_MS // DAY_MS == ROWS // 10_000 - 1
    hours = times % DAY_MS // 3_600_000
    assert (hours < 6).mean() < 0.1
    assert ((hours >= 9) & (hours < 21)).mean() > 0.5


def test_a_start_within_the_day_is_kept(people: Population) -> None:
    """A simulation that starts at four in the morning starts at the night's pace."""
    times = Simulation(people, 1, START_MS + 4 * 3_600_000, 10_000).rows(0, 2_000)["event_time"].cast(pa.int64())
    assert START_MS + 4 * 3_600_000 <= times[0].as_py() < START_MS + 4 * 3_600_000 + 600_000
    assert times[1_999].as_py() > START_MS + 8 * 3_600_000


def test_people_have_habits(rows: pa.RecordBatch, people: Population) -> None:
    """Most of a customer's transactions are at few terminals, at home, and of a usual amount."""
    table = pa.Table.from_batches([rows])
    used = table.group_by(["customer_id", "terminal_id"]).aggregate([("event_id", "count")])
    best = used.group_by("customer_id").aggregate([("event_id_count", "max"), ("event_id_count", "sum")])
    assert pc.sum(best["event_id_count_max"]).as_py() > 0.15 * ROWS
    assert pc.mean(pc.equal(rows["country"], COUNTRIES[0].code)).as_py() > 0.98
    busy = rows.filter(pc.equal(rows["card_id"], people.card_ids[0]))
    assert rows["currency"].unique().to_pylist() == [CURRENCY]
    assert len(busy) < ROWS / 100
    assert 10_00 < np.median(rows["amount_minor"].to_numpy()) < 50_00


def test_fraud_comes_in_bursts(rows: pa.RecordBatch) -> None:
    """The same card pays extreme amounts several times within moments."""
    dear = rows.filter(pc.greater(rows["amount_minor"], 200_000))["card_id"].to_pylist()
    near = sum(card in dear[at + 1 : at + 8] for at, card in enumerate(dear))
    assert near > len(dear) / 3


@pytest.mark.parametrize("home", [(), ("DE",)])
def test_share_that_the_default_rules_flag(rows: pa.RecordBatch, home: tuple[str, ...]) -> None:
    """Half a per cent to two are flagged by the default rules, more where foreign countries count."""
    defaults = Settings()
    decider = RulesDecider(
        Places(defaults.policy.timezone, home, defaults.rules.risky_categories),
        Limits(defaults.rules.amount_high_minor, defaults.rules.amount_extreme_minor),
        Policy(defaults.policy.review_at, defaults.policy.block_at),
    )
    assert 0.005 < (decider.decide(rows).outcome > 0).mean() < 0.02


def test_live_rows_happen_when_they_are_asked_for(people: Population) -> None:
    """The clock is read once per chunk, and nothing but the time changes."""
    clock = iter(range(START_MS, START_MS + 100))
    chunks = live(simulation(people).chunks(30, 10), lambda: next(clock))
    table = pa.Table.from_batches(list(chunks))
    assert table["event_time"].cast(pa.int64()).to_pylist() == [START_MS + at // 10 for at in range(30)]
    plain = pa.Table.from_batches([simulation(people).rows(0, 30)])
    assert table.drop("event_time").equals(plain.drop("event_time"))


def test_churn_of_every_customer(people: Population) -> None:
    """Every customer has a propensity from 0 to 1 that six decimals hold."""
    churn = people.churn()
    assert list(churn) == people.customer_ids.to_pylist()
    assert all(0.0 <= score <= 1.0 and round(score, 6) == score for score in churn.values())
    assert len(set(churn.values())) > 2_500


@pytest.mark.parametrize("customers", [1, 2, 99])
def test_small_populations(customers: int) -> None:
    """Even a single customer makes a valid sequence."""
    rows = Simulation(Population.of(customers, seed=3), 1, START_MS, per_day=100).rows(0, 300)
    assert len(rows) == 300
    assert set(rows["customer_id"].to_pylist()) <= {str(number) for number in range(1, customers + 1)}

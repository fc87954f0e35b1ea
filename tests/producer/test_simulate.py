import itertools
import sys
import time
import tracemalloc
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from support.simulated import lot

from models.bank import Bank
from models.decide import by_rules
from models.policy import Policy
from producer.arrival import Deliveries
from producer.calendar import DAY_MS
from producer.labels import Verdicts
from producer.population import Population
from producer.records import CURRENCY, labels, transactions, truths
from producer.simulate import Simulation, live, sliced, within
from producer.terminals import COUNTRIES
from schemas.contracts import LABEL, TRANSACTION
from schemas.lot import SCHEMA
from schemas.lot.table import columns
from schemas.settings.loading import load

START_MS = 1_767_225_600_000
DAYS = 10


@pytest.fixture(scope="module")
def people() -> Population:
    return Population.of(6_000, seed=7)


@pytest.fixture(scope="module")
def deliveries(people: Population) -> Deliveries:
    return records(simulation(people), days=DAYS)


@pytest.fixture(scope="module")
def rows(people: Population, deliveries: Deliveries) -> pa.RecordBatch:
    return transactions(simulation(people), deliveries)


def simulation(people: Population, seed: int = 1, start_ms: int = START_MS) -> Simulation:
    return Simulation(people, seed, start_ms, per_day=9_000)


def records(of: Simulation, count: int | None = None, days: int | None = None, size: int = 10_000) -> Deliveries:
    return Deliveries.joined(step.deliveries for step in of.steps(count, days, size=size, labelled=False))


def test_has_the_columns_of_the_contract_in_their_types(rows: pa.RecordBatch) -> None:
    """A chunk has every field of the contract, as a lot has it, and the record's timestamp."""
    names = [field["name"] for field in TRANSACTION.schema["fields"]]
    assert rows.schema.names == [*names, "timestamp"]
    assert [rows.schema.field(name).type for name in names] == [SCHEMA.field(name).type for name in names]
    assert all(rows[field["name"]].null_count == 0 for field in TRANSACTION.schema["fields"] if "default" not in field)
    rows.validate(full=True)


def test_same_seed_same_rows() -> None:
    """The same seed gives the same rows from a population made anew."""
    first, second = (simulation(Population.of(500, seed=7)).rows(0, 5_000) for _ in range(2))
    assert first.equals(second)


def test_another_seed_gives_other_rows(people: Population) -> None:
    """Seeds matter, and no event id occurs under two of them."""
    one, other = (simulation(people, seed).rows(0, 1_000) for seed in (1, 2))
    assert not one["amount_minor"].equals(other["amount_minor"])
    assert not set(one["event_id"].to_pylist()) & set(other["event_id"].to_pylist())


@pytest.mark.parametrize(("size", "count"), [(7, 2_000), (1_000, 12_000), (100_000, 12_000)])
def test_the_size_of_steps_changes_nothing(people: Population, size: int, count: int) -> None:
    """However the sequence is cut, transactions, labels and truths are the same, and as many as asked for."""
    of = simulation(people)
    found = []
    for each in (2_500, size):
        steps = list(of.steps(count, size=each, settled=True))
        assert max(len(step.deliveries) for step in steps) <= each
        found.append(
            [
                pa.Table.from_batches([render(of, step) for step in steps])
                for render in (
                    lambda of, step: transactions(of, step.deliveries),
                    lambda of, step: labels(of, step.verdicts),
                    lambda of, step: truths(of, step.deliveries),
                )
            ]
        )
    assert all(one.equals(other) for one, other in zip(*found, strict=True))
    assert len(found[0][0]) == count


def test_may_begin_anywhere(people: Population, rows: pa.RecordBatch) -> None:
    """Rows are asked for by their place."""
    assert simulation(people).rows(9_990, 30).equals(rows.slice(9_990, 30))


def test_a_day_does_not_depend_on_the_days_before(people: Population, deliveries: Deliveries) -> None:
    """A simulation that starts later meets the same uses, and the same episodes under way."""
    later = records(simulation(people, start_ms=START_MS + 4 * DAY_MS), days=2)
    same = deliveries.take(deliveries.time // DAY_MS == START_MS // DAY_MS + 5)
    found = later.take(later.time // DAY_MS == START_MS // DAY_MS + 5)
    for name in ("arrival", "event_time", "card", "terminal", "amount", "scenario"):
        assert np.array_equal(getattr(same.take(~same.again), name), getattr(found.take(~found.again), name)), name


def test_records_come_in_the_order_of_arrival(deliveries: Deliveries) -> None:
    """Record timestamps never fall, though some events are hours late; numbers rise but for the late ones."""
    assert (np.diff(deliveries.arrival) >= 0).all()
    assert deliveries.arrival[0] >= START_MS
    assert (np.diff(deliveries.time) < -3_600_000).any()
    assert (np.diff(deliveries.number[~deliveries.again]) < 0).mean() < 0.01


def test_ids(rows: pa.RecordBatch, deliveries: Deliveries, people: Population) -> None:
    """Event ids are unique but for redeliveries, customer ids are dense decimals, a card belongs to one customer."""
    assert len(set(rows["event_id"].to_pylist())) == (~deliveries.again).sum()
    assert people.customer_ids.to_pylist() == [str(number) for number in range(1, 6_001)]
    pairs = set(zip(rows["card_id"].to_pylist(), rows["customer_id"].to_pylist(), strict=True))
    assert len(pairs) == len({card for card, _ in pairs})
    assert rows["event_id"][0].as_py() == "sim-1-000000000000"
    assert rows["card_id"][0].as_py().startswith("card-")
    assert rows["terminal_id"][0].as_py().startswith("term-")
    assert rows["currency"].unique().to_pylist() == [CURRENCY]


def test_redeliveries_are_identical(people: Population, deliveries: Deliveries) -> None:
    """What comes again is the same record to the last field, later; it is rare but happens."""
    again = deliveries.take(deliveries.again)
    assert 0.0005 < len(again) / len(deliveries) < 0.01
    firsts = deliveries.take(~deliveries.again)
    place = {number: at for at, number in enumerate(firsts.number.tolist())}
    same = firsts.take(np.array([place[number] for number in again.number.tolist()]))
    of = simulation(people)
    assert transactions(of, again).drop_columns("timestamp").equals(transactions(of, same).drop_columns("timestamp"))
    assert (again.arrival - same.arrival >= 1_000).all()
    assert (again.first == same.arrival).all()


def test_late_events(deliveries: Deliveries) -> None:
    """Nearly all arrive within seconds, a few minutes to more than a day later, none before it happened."""
    delay = (deliveries.first - deliveries.time) / 1000
    assert delay.min() >= 0
    assert 0.0005 < (delay > 60).mean() < 0.01
    assert (delay > 6 * 3_600).any()
    assert delay.max() < 2 * 86_400
    assert np.median(delay) < 1


def test_skewed_clocks(people: Population, deliveries: Deliveries) -> None:
    """A few terminals are always off by the same, minutes or an hour, so that some events seem to be in the future."""
    skew = deliveries.event_time - deliveries.time
    assert 0.0 < (skew != 0).mean() < 0.02
    assert np.array_equal(skew, people.terminals.skew_ms[deliveries.terminal])
    assert (deliveries.event_time > deliveries.arrival + 60_000).any()


def test_times_follow_the_day_the_week_and_the_year(people: Population, deliveries: Deliveries) -> None:
    """Nights are quiet, Saturdays busier than Sundays, December busier than February."""
    hours = deliveries.time % DAY_MS // 3_600_000
    assert (hours < 6).mean() < 0.12
    assert ((hours >= 9) & (hours < 21)).mean() > 0.5
    of_day = np.bincount(deliveries.time // DAY_MS - START_MS // DAY_MS)
    assert of_day[2] > 1.2 * of_day[3]
    december, february = (
        len(records(simulation(people, start_ms=START_MS + day * DAY_MS), days=7)) for day in (341, 33)
    )
    assert december > 1.15 * february


def test_a_start_within_the_day_is_kept(people: Population) -> None:
    """A simulation that starts at four in the morning starts at the night's pace, with number 0."""
    four = START_MS + 4 * 3_600_000
    found = records(simulation(people, start_ms=four), 2_000)
    assert four <= found.arrival[0] < four + 600_000
    assert found.time[1_999] > four + 4 * 3_600_000
    assert found.number[0] == 0


def test_days_end(people: Population) -> None:
    """Asked for two days from noon on, it has the uses of 48 hours and all of them arrive."""
    noon = START_MS + DAY_MS // 2
    found = records(simulation(people, start_ms=noon), days=2)
    assert found.time.max() < noon + 2 * DAY_MS
    assert found.time.max() > noon + 2 * DAY_MS - 600_000
    assert set(found.number.tolist()) == set(range(int(found.number.max()) + 1))


def test_people_have_habits(rows: pa.RecordBatch) -> None:
    """Most of a customer's transactions are at few terminals, at home, and of a usual amount."""
    table = pa.Table.from_batches([rows])
    used = table.group_by(["customer_id", "terminal_id"]).aggregate([("event_id", "count")])
    best = used.group_by("customer_id").aggregate([("event_id_count", "max"), ("event_id_count", "sum")])
    assert pc.sum(best["event_id_count_max"]).as_py() > 0.15 * len(rows)
    assert 0.93 < pc.mean(pc.equal(rows["country"], COUNTRIES[0].code)).as_py() < 0.98
    assert 10_00 < np.median(rows["amount_minor"].to_numpy()) < 50_00


def test_travellers_pay_abroad_for_days(people: Population, rows: pa.RecordBatch) -> None:
    """At counters abroad the same customers are seen on several days."""
    abroad = rows.filter(
        pc.and_(pc.is_valid(rows["latitude"]), pc.not_equal(rows["country"], pa.scalar(COUNTRIES[0].code)))
    )
    days = defaultdict(set)
    for customer, at in zip(abroad["customer_id"].to_pylist(), abroad["event_time"].to_pylist(), strict=True):
        days[customer].add(at.date())
    assert sum(len(each) > 1 for each in days.values()) > len(days) / 4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_share_that_the_default_rules_flag(people: Population, seed: int) -> None:
    """Half a per cent to two are flagged by the default rules at home in DE, from the first thousands on."""
    defaults = load({"rules.home_countries": "DE"}, env={})
    bank = Bank.of(defaults)
    decider = by_rules(bank, Policy(defaults.policy.review_at, defaults.policy.block_at))
    rows = lot(simulation(people, seed).rows(0, 20_000), 0)
    outcome = decider.decide(rows, bank.memory().see(rows)).outcome
    assert 0.005 < (outcome > 0).mean() < 0.02
    assert (outcome[:3_000] > 0).any()


def test_labels_have_the_columns_of_their_contract(people: Population) -> None:
    """A label says of its transaction what the transaction says itself."""
    of = simulation(people)
    steps = list(of.steps(20_000, settled=True))
    found = pa.Table.from_batches([labels(of, step.verdicts) for step in steps])
    assert found.schema.names == [*(field["name"] for field in LABEL.schema["fields"]), "timestamp"]
    assert found.drop_columns("timestamp").schema.equals(columns(LABEL.schema))
    rows = pa.Table.from_batches([transactions(of, step.deliveries) for step in steps])
    shared = ["card_id", "terminal_id", "amount_minor", "currency", "event_time"]
    of_event = {row["event_id"]: [row[name] for name in shared] for row in rows.to_pylist()}
    assert all([row[name] for name in shared] == of_event[row["event_id"]] for row in found.to_pylist())


def test_labels_come_when_they_are_known(people: Population) -> None:
    """With each step come the verdicts known until its end, in their order; settling gives the rest."""
    unsettled = 0
    last, known = 0, 0
    for step in simulation(people).steps(days=DAYS, settled=True):
        times = step.verdicts.known
        assert (np.diff(times, prepend=known) >= 0).all()
        assert (times > step.verdicts.first).all()
        known = int(times[-1]) if len(times) else known
        if len(step.deliveries):
            assert (times > last).all()
            last = int(step.deliveries.arrival[-1])
            assert (times <= last).all()
        else:
            unsettled += len(times)
    assert unsettled > 40_000


def test_labels_of_events_that_were_cut_off_are_left_out(people: Population) -> None:
    """With a count within the day no label is of an event that did not come."""
    steps = list(simulation(people).steps(4_321, settled=True))
    came = set(np.concatenate([step.deliveries.number for step in steps]).tolist())
    labelled = set(np.concatenate([step.verdicts.number for step in steps]).tolist())
    assert labelled <= came
    assert len(labelled) > 0.95 * len(came)


def test_memory_is_bounded(people: Population) -> None:
    """After the first weeks the memory of a labelled run does not grow."""
    tracemalloc.start()
    try:
        peaks: list[int] = []
        steps = Simulation(people, 1, START_MS, per_day=2_000).steps(days=180)
        for _ in range(6):
            tracemalloc.reset_peak()
            for _ in itertools.takewhile(lambda step: step.deliveries.arrival[-1] % (30 * DAY_MS) < 29 * DAY_MS, steps):
                pass
            for _ in itertools.islice(steps, 3):
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert max(peaks[3:]) < 1.2 * max(peaks[1:3])


def test_live_records_happen_when_they_are_asked_for(people: Population) -> None:
    """A step happens when it is asked for, but for what is late or from a skewed clock; the rest is as it was."""
    clock = itertools.count(START_MS + 365 * DAY_MS, 10_000)
    nows = [next(clock) for _ in range(200)]
    given = iter(nows)
    of = simulation(people)
    moved = list(live(of.steps(30_000, size=1_000), lambda: next(given)))
    plain = list(of.steps(30_000, size=1_000))
    usual = 0
    for now, step, was in zip(nows, moved, plain, strict=False):
        assert (step.deliveries.arrival == now).all()
        assert np.array_equal(step.deliveries.amount, was.deliveries.amount)
        usual += int((step.deliveries.event_time == now).sum())
    assert 0.98 < usual / 30_000 < 1.0
    times: dict[int, set[int]] = defaultdict(set)
    for step in moved:
        for of_events in (step.deliveries, step.verdicts):
            for number, at in zip(of_events.number.tolist(), of_events.event_time.tolist(), strict=True):
                times[number].add(at)
    assert all(len(each) == 1 for each in times.values())


def test_within_ends_at_the_moment(people: Population) -> None:
    """Nothing that arrives or is known later is left."""
    end = START_MS + 2 * DAY_MS
    steps = list(within(simulation(people).steps(days=3, size=500), end))
    assert 0 < end - max(int(step.deliveries.arrival.max()) for step in steps) < 120_000
    assert Verdicts.joined(step.verdicts for step in steps).known.max() < end


@pytest.mark.parametrize("customers", [1, 2, 99])
def test_small_populations(customers: int) -> None:
    """Even a single customer makes a valid sequence."""
    rows = Simulation(Population.of(customers, seed=3), 1, START_MS, per_day=100).rows(0, 300)
    assert len(rows) == 300
    assert set(rows["customer_id"].to_pylist()) <= {str(number) for number in range(1, customers + 1)}


def test_speed(people: Population, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints how many transactions a second become columns."""
    of = Simulation(Population.of(50_000), 1, START_MS, per_day=75_000)
    began = time.process_time()
    made = sum(len(transactions(of, step.deliveries)) for step in of.steps(days=5, labelled=False))
    with capsys.disabled():
        sys.stdout.write(f" {made / (time.process_time() - began):,.0f} transactions per second of one core")
    assert made > 300_000


def test_slicing_changes_no_record(people: Population) -> None:
    """Whole steps before the moment, small ones from it on, each with the verdicts known until its last record."""
    of, from_ms = simulation(people), START_MS + 2 * DAY_MS
    whole = list(of.steps(30_000, size=4_000))
    parts = list(sliced(iter(whole), from_ms, 100))
    for name in ("deliveries", "verdicts"):
        again = type(getattr(parts[0], name)).joined(getattr(each, name) for each in parts)
        once = type(getattr(whole[0], name)).joined(getattr(each, name) for each in whole)
        assert again.number.tolist() == once.number.tolist()
    arrivals = [each.deliveries.arrival for each in parts]
    assert all(each[0] >= from_ms or each[-1] < from_ms for each in arrivals)
    assert max(len(each) for each in arrivals if each[0] >= from_ms) == 100
    assert min(len(each) for each in arrivals if each[0] < from_ms) > 100
    assert all((each.verdicts.known <= each.deliveries.arrival[-1]).all() for each in parts)

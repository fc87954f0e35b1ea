"""Makes docs/benchmarks.md and its charts of the results that bench/run.py has left; invents nothing.

python bench/report.py [--results .cache/bench/results.json] [--page docs/benchmarks.md]

The results themselves go beside the charts, in docs/benchmarks/results.json, so that the page can be made again. With
--check nothing is written: it fails where the page is not the one that follows from docs/benchmarks/results.json.
"""  # noqa: INP001

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from bench.charts import BARE, OTHERS, OURS, Axis, Bar, Line, bars, lines
from bench.words import CAVEATS, INTRODUCTION, LEFT_OUT, METHOD

STREAMS, BARE_TX, BARE_ALO = "streams-eos", "pass-through-tx", "pass-through"
BATCHES_TX, BARE_LARGE = "batches-tx", "pass-through-large"
LONE_MS: Final = 2.0
FEWEST_RUNS: Final = 3
GAP: Final = 0.6
SHARES: Final = ("p50", "p90", "p99", "p99.9")
CURVE_RATE: Final = "1000"
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Results:
    found: Entry

    @property
    def peers(self) -> dict[str, Entry]:
        found: dict[str, Entry] = self.found["peers"]
        return found

    def middle(self, name: str, figure: str = "events_per_s") -> float | None:
        values = self.values(name, figure)
        return median(values) if values else None

    def values(self, name: str, figure: str) -> list[float]:
        return [each[figure] for each in self.peers.get(name, {}).get("throughput", []) if figure in each]

    def waited(self, name: str, rate: str, share: str) -> float | None:
        runs = [each[rate] for each in self.peers.get(name, {}).get("latency", []) if rate in each]
        kept = [each[f"{share}_ms"] for each in runs if each["kept_up"]]
        return median(kept) if kept and len(kept) == len(runs) else None

    def itself(self, kind: str, figure: str) -> float | None:
        values = [each[figure] for each in self.found.get("itself", {}).get(kind, ())]
        return median(values) if values else None

    def rates(self) -> list[str]:
        every = {rate for each in self.peers.values() for run in each["latency"] for rate in run}
        return sorted(every, key=float)


def label(name: str, entry: Entry) -> str:
    return f"{entry['title']} ({name})" if entry["product"] else f"{entry['title']}, {entry['guarantee']}"


def cell(value: float | None, form: str = "{:,.0f}") -> str:
    return "-" if value is None else form.format(value)


def ratio(one: float | None, other: float | None) -> str:
    return "-" if one is None or not other else f"{one / other:.2f}"


def table(heads: list[str], rows: Iterator[list[str]], left: int = 1) -> str:
    rule = [":--" if place < left else "--:" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(each)} |" for each in [heads, rule, *rows])


def throughput(of: Results) -> str:
    base, bare = of.middle(STREAMS), of.middle(BARE_TX)
    names = sorted((each for each in of.peers if of.middle(each)), key=lambda each: -(of.middle(each) or 0))

    def rows() -> Iterator[list[str]]:
        for name in names:
            rate, every = of.middle(name), of.values(name, "events_per_s")
            entry = of.peers[name]
            yield [
                f"`{name}`",
                f"{entry['title']}: {entry['does']}",
                entry["guarantee"],
                f"**{cell(rate)}**",
                f"{min(every):,.0f} to {max(every):,.0f}",
                ratio(rate, base),
                ratio(rate, bare),
                cell(of.middle(name, "cores"), "{:.2f}"),
                cell(of.middle(name, "cpu_s_per_million"), "{:.2f}"),
                cell(of.middle(name, "broker_cpu_s_per_million"), "{:.2f}"),
                cell(of.middle(name, "peak_mib")),
            ]

    heads = [
        "name",
        "what",
        "delivery",
        "events/s",
        "of all runs",
        "against Kafka Streams exactly-once",
        "against bare transactions",
    ]
    return table([*heads, "cores", "CPU s per million", "broker's", "peak MiB"], rows(), 3)


def scores(of: Results) -> str:
    def rows() -> Iterator[list[str]]:
        for name, entry in of.peers.items():
            runs = [each for each in entry["throughput"] if "scores_compared" in each]
            if runs:
                compared = sum(each["scores_compared"] for each in runs)
                equal = sum(each["equal_bits"] for each in runs)
                apart = max(each["most_apart"] for each in runs)
                yield [f"`{name}`", f"{compared:,}", f"{equal:,}", f"{apart:.1e}"]

    return table(["name", "compared", "equal in every bit", "most apart"], rows())


def latencies(of: Results) -> str:
    parts = []
    for rate in of.rates():

        def rows(rate: str = rate) -> Iterator[list[str]]:
            for name, entry in of.peers.items():
                if any(rate in run for run in entry["latency"]):
                    waits = [of.waited(name, rate, share) for share in SHARES]
                    said = [cell(each, "{:,.1f}") for each in waits]
                    yield [
                        f"`{name}`",
                        entry["guarantee"],
                        *(said if waits[0] is not None else ["not kept up", *said[1:]]),
                    ]

        parts.append(f"### {float(rate):,.0f} a second\n")
        parts.append(table(["name", "delivery", *(f"{each} ms" for each in SHARES)], rows(), 2) + "\n")
    return "\n".join(parts)


def lots(of: Results) -> str:
    sizes = sorted({run["lot"] for each in of.peers.values() for run in each["lots"]})

    def rows() -> Iterator[list[str]]:
        for name, entry in of.peers.items():
            if entry["lots"]:
                yield [f"`{name}`", *(cell(at_lot(entry, size)) for size in sizes)]

    return table(["events/s in lots of", *(f"{each:,}" for each in sizes)], rows())


def at_lot(entry: Entry, size: int) -> float | None:
    values = [run["events_per_s"] for run in entry["lots"] if run["lot"] == size]
    return median(values) if values else None


def aims(of: Results) -> str:
    """What was aimed at, of what this benchmark measures."""
    flags, every, same, both = (of.middle(f"product-{each}") for each in ("flags-1", "every-1", "job-1", "job-2"))
    streams, bare, large, loop = (of.middle(each) for each in (STREAMS, BARE_TX, BARE_LARGE, BATCHES_TX))
    exactly, bare_exactly, least, bare_least = (
        of.waited(each, CURVE_RATE, "p99") for each in ("product-every-1", BARE_TX, "product-every-alo-1", BARE_ALO)
    )
    alone, bare_alone = (of.waited(each, "2", "p50") for each in ("product-every-alo-1", BARE_ALO))
    rates = (
        ("the same job, 1 worker: Kafka Streams, exactly once", same, streams, 3.0),
        ("the same job, 1 worker: bare transactions", same, bare, 0.65),
        ("the same job, 1 worker: the tuned Python loop, exactly once", same, loop, 6.0),
        ("the same job, 2 workers: Kafka Streams, exactly once", both, streams, 4.5),
        ("flags only, all features: bare transactions of every record", flags, bare, 0.7),
        ("flags only, all features: Kafka Streams doing the smaller job", flags, streams, 2.5),
        ("every decision: bare transactions of records of that size", every, large, 0.4),
    )
    waits = (
        ("p99 at 1,000/s, exactly once: bare transactions", exactly, bare_exactly, 1.3),
        ("p99 at 1,000/s, at least once: the bare loop", least, bare_least, 2.0),
    )

    def rows() -> Iterator[list[str]]:
        for said, one, other, aim in rates:
            yield [said, f"at least {aim:g}", ratio(one, other), met(one, other, lambda share, aim=aim: share >= aim)]
        for said, one, other, aim in waits:
            yield [said, f"at most {aim:g}", ratio(one, other), met(one, other, lambda share, aim=aim: share <= aim)]
        gap = None if alone is None or bare_alone is None else alone - bare_alone
        verdict = met(gap, 1.0, lambda more: more <= LONE_MS)
        yield ["one lone event, p50: ms above the bare loop's", f"at most {LONE_MS:g}", cell(gap, "{:.1f}"), verdict]

    return judged("what, against what", rows(), of, of.found["plan"]["runs"])


def judged(what: str, rows: Iterator[list[str]], of: Results, runs: int) -> str:
    if of.found["machine"]["beside_others"] or runs < FEWEST_RUNS:
        return table([what, "aim", "measured, too roughly to judge"], (each[:3] for each in rows))
    return table([what, "aim", "measured", "met"], rows)


ITSELF: Final = (
    ("15 features of the job, decode to encode, us", "in memory", "decode to encode, the job of the peers us", 1.2),
    ("all features, decode to encode, flags only, us", "in memory", "decode to encode, flags only us", 2.0),
    ("everything that a card remembers, us", "windows", "card book us", 0.3),
    ("bytes of a card with 45 entries in 30 days", "windows", "bytes per card", 1_024.0),
    ("a million cards from a snapshot, s", "restoring", "restore s", 3.0),
    ("from the start of `fraudstream score` to its first flag, s", "first flag", "first flag s", 4.0),
)
"""What is measured by itself, in which figure, and what it should be at most."""


def itself(of: Results) -> str:
    """In lots of 1,000."""

    def rows() -> Iterator[list[str]]:
        for said, kind, name, most in ITSELF:
            found = of.itself(kind, name)
            yield [
                said,
                f"at most {most:,g}",
                cell(found, "{:,.2f}"),
                met(found, 1.0, lambda one, most=most: one <= most),
            ]
        gap, bare = of.itself("backlog", "gap per s"), of.itself("backlog", "bare consume per s")
        yield [
            "a gap folded again: a bare client's reading",
            f"at least {GAP:g}",
            ratio(gap, bare),
            met(gap, bare, lambda one: one >= GAP),
        ]

    return judged("what", rows(), of, of.found["plan"]["latency_runs"])


def memory(of: Results) -> str:
    found = {
        name: of.itself(*name) for name in (("backlog", "backlog peak MiB"), ("a million cards", "million peak MiB"))
    }
    small, large = (cell(each) for each in found.values())
    return (
        f"A worker that finds two million records waiting holds {small} MiB at most, with a million cards, two records "
        f"each, {large} MiB."
    )


def stages(of: Results) -> str:
    """Where the microseconds go."""
    names = list((of.found.get("itself", {}).get("in memory") or [{}])[0])
    return table(
        ["stage, lots of 1,000", "us an event"],
        ([each.removesuffix(" us"), cell(of.itself("in memory", each), "{:.2f}")] for each in names),
    )


def met(one: float | None, other: float | None, holds: Callable[[float], bool]) -> str:
    if one is None or not other:
        return "not measured"
    return "yes" if holds(one / other) else "**no**"


def away(of: Results) -> str:
    every = [(name, kind, why) for name, each in of.peers.items() for kind, why in each["failed"].items()]
    if not every:
        return "All of the roster took part.\n"
    return "\n".join(f"- `{name}`, {kind}: {' '.join(why.split())}" for name, kind, why in every) + "\n"


def machine(of: Results) -> str:
    has, plan, job = of.found["machine"], of.found["plan"], of.found["job"]
    beside = (
        f"\n> **Taken while other work ran on the same machine** (load {has['load_before']:.1f} before it began): "
        "absolute figures are too low, and ratios are rough.\n"
        if has["beside_others"]
        else ""
    )
    packages = ", ".join(f"{name} {number}" for name, number in has["packages"].items())
    peers = "\n".join(f"- {name}: {', '.join(each)}" for name, each in has["environments"].items())
    mean, most, days = job["mean_in_an_hour"], job["most_in_an_hour"], job.get("days", 1)  # once it was always a day
    month = job["events"] / job["cards"] / days * 30
    return f"""{has["cpu"]}, {has["cores"]} cores, {has["memory_gib"]} GiB, {has["system"]},
Python {has["python"]}, librdkafka {has["librdkafka"]}, {packages}.
Broker: Kafka 4.3.1 on the same machine, G1, 1 GiB of heap.
Commit {has["commit"]}, begun {of.found["begun"]}, ended {of.found["finished"]}.
{beside}
{plan["events"]:,} events on a topic of 6 partitions, {job["bytes"]:.0f} bytes each, {job["cards"]:,} cards with
{month:.0f} transactions in 30 days; with each there are {mean:.1f} in its hour on average, {most:.0f} at most.
Throughput: {plan["runs"]} runs of at most {plan["seconds"]:.0f} s each. Latency: {plan["latency_runs"]} runs with
{plan["latency_seconds"]:.0f} s at each rate.

Environments of the peers:

{peers}
"""


def commands(of: Results) -> str:
    def rows() -> Iterator[list[str]]:
        for name, entry in of.peers.items():
            kinds = [each for each in ("throughput", "latency", "lots") if entry[each]]
            if kinds:
                yield [f"`{name}`", f'`make bench ARGS="--peers {name} --only {" ".join(kinds)}"`']

    return table(["row", "command"], rows(), 2)


def page(of: Results) -> str:
    return f"""# Benchmarks

<!-- Made by bench/report.py of docs/benchmarks/results.json; do not edit. -->

{INTRODUCTION}
{machine(of)}
## Throughput

![throughput](benchmarks/throughput.svg)

{throughput(of)}

## Aims

{aims(of)}

## By itself

What no peer is held against; medians of {of.found["plan"]["latency_runs"]} runs.

{itself(of)}

{memory(of)}

{stages(of)}

## Latency

Medians of the runs. "Not kept up": outputs did not all come back in time. Rates above four fifths of what a peer
does at most are not tried.

![latency](benchmarks/latency.svg)

{latencies(of)}
## Lots

![lots](benchmarks/lots.svg)

{lots(of)}

## The same scores

{scores(of)}

## Not measured, or not wholly

{away(of)}
## Method

{METHOD}
## Caveats

{CAVEATS}
## Left out

{LEFT_OUT}
## Again

`make bench` takes everything again and makes this page; `make bench-quick` takes a few figures within three minutes and
changes nothing here; `make bench-peers` installs the peers.

{commands(of)}
"""


def chart_throughput(of: Results) -> str:
    names = sorted((each for each in of.peers if of.middle(each)), key=lambda each: -(of.middle(each) or 0))
    rows = []
    for name in names:
        entry, every, rate = of.peers[name], of.values(name, "events_per_s"), of.middle(name) or 0.0
        colour = OURS if entry["product"] else OTHERS if entry["job"] else BARE
        rows.append(Bar(label(name, entry), rate, f"{rate:,.0f}", colour, min(every), max(every)))
    return bars("Events per second, median of all runs", "events/s", rows)


def nines(share: float) -> float:
    """Where a share stands on an axis of nines: 0 for none, 1 for 90 %, 3 for 99.9 %."""
    return -float(np.log10(max(1 - share / 100, 1e-4)))


def chart_latency(of: Results) -> str:
    from bench.open_loop import CURVE  # noqa: PLC0415 - brings the clients with it

    every = []
    for name, entry in of.peers.items():
        runs = [run[CURVE_RATE]["curve_ms"] for run in entry["latency"] if run.get(CURVE_RATE, {}).get("kept_up")]
        if runs:
            middle = np.median(np.array(runs), axis=0)
            every.append(Line(name, [(float(wait), nines(share)) for wait, share in zip(middle, CURVE, strict=True)]))
    waits = [x for each in every for x, _ in each.points if x > 0] or [1.0, 10.0]
    across = Axis("ms from when an event was due until its output is read (logarithmic)", min(waits), max(waits), True)
    ticks = [(nines(each), f"{each:g} %") for each in (50, 90, 99, 99.9, 99.99)]
    return lines("Latency at 1,000 events per second", across, Axis("share of events", 0, 4), every, ticks)


def chart_lots(of: Results) -> str:
    every = []
    for name, entry in of.peers.items():
        points = [(float(size), at_lot(entry, size) or 0.0) for size in sorted({run["lot"] for run in entry["lots"]})]
        if points:
            every.append(Line(name, points))
    sizes = [x for each in every for x, _ in each.points] or [100.0, 1_000.0]
    most = max((y for each in every for _, y in each.points), default=1.0)
    across = Axis("most records in a lot (logarithmic)", min(sizes), max(sizes) * 1.001, True)
    return lines("Throughput against lot size", across, Axis("events/s", 0, most), every)


CHARTS: Final = {"throughput": chart_throughput, "latency": chart_latency, "lots": chart_lots}


def files(of: Results, to: Path) -> dict[Path, str]:
    beside = to.with_suffix("")
    drawn = {beside / f"{name}.svg": draw(of) for name, draw in CHARTS.items()}
    return {to: page(of), beside / "results.json": json.dumps(of.found, indent=1) + "\n", **drawn}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--results", type=Path, default=Path(".cache/bench/results.json"))
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    source = given.page.with_suffix("") / "results.json" if given.check else given.results
    made = files(Results(json.loads(source.read_text())), given.page)
    if given.check:
        stale = [str(path) for path, said in made.items() if not path.exists() or path.read_text() != said]
        sys.stdout.write("".join(f"{each} is stale: make bench-report\n" for each in stale))
        return 1 if stale else 0
    for path, said in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())

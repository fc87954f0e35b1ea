"""Makes docs/benchmarks.md and its charts of the results that bench/run.py has left; invents nothing.

python bench/report.py [--results .cache/bench/results.json] [--page docs/benchmarks.md]

The results themselves go beside the charts, in docs/benchmarks/results.json, so that the page can be made again. With
--check nothing is written: it fails where the page is not the one that follows from docs/benchmarks/results.json.
"""  # noqa: INP001

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from bench.charts import BARE, OTHERS, OURS, Axis, Bar, Line, bars, lines
from bench.words import CAVEATS, INTRODUCTION, LEFT_OUT, METHOD, MISSED

STREAMS, BARE_TX, BARE_ALO = "streams-eos", "pass-through-tx", "pass-through"
BATCHES_TX, BARE_LARGE = "batches-tx", "pass-through-large"
FEWEST_RUNS: Final = 3
NO_REASON: Final = "no reason is known."
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

    def figures(self, kind: str) -> list[str]:
        """The names of what was measured of this kind."""
        return list((self.found.get("itself", {}).get(kind) or [{}])[0])

    def rates(self) -> list[str]:
        every = {rate for each in self.peers.values() for run in each["latency"] for rate in run}
        return sorted(every, key=float)


def cell(value: float | None, form: str = "{:,.0f}") -> str:
    return "-" if value is None else form.format(value)


def share(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


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
                cell(share(rate, base), "{:.2f}"),
                cell(share(rate, bare), "{:.2f}"),
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


@dataclass(frozen=True, slots=True)
class Aim:
    """One figure that was aimed at, most or least, and what was found."""

    said: str
    most: bool
    bound: float
    found: float | None
    form: str = "{:.2f}"

    @property
    def verdict(self) -> str:
        if self.found is None:
            return "not measured"
        return "**no**" if self.missed else "yes"

    @property
    def missed(self) -> bool:
        return self.found is not None and (self.found > self.bound if self.most else self.found < self.bound)

    def row(self) -> list[str]:
        bound = f"at {'most' if self.most else 'least'} {self.bound:,g}"
        return [self.said, bound, cell(self.found, self.form), self.verdict]


def against(of: Results) -> list[Aim]:
    """Others on the same broker."""
    flags, every, same, both = (of.middle(f"product-{each}") for each in ("flags-1", "every-1", "job-1", "job-2"))
    streams, bare, large, loop = (of.middle(each) for each in (STREAMS, BARE_TX, BARE_LARGE, BATCHES_TX))
    exactly, bare_exactly, least, bare_least = (
        of.waited(each, CURVE_RATE, "p99") for each in ("product-every-1", BARE_TX, "product-every-alo-1", BARE_ALO)
    )
    alone, bare_alone = (of.waited(each, "2", "p50") for each in ("product-every-alo-1", BARE_ALO))
    more = None if alone is None or bare_alone is None else alone - bare_alone
    return [
        Aim("the same job, 1 worker: Kafka Streams, exactly once", False, 3.0, share(same, streams)),
        Aim("the same job, 1 worker: bare transactions", False, 0.65, share(same, bare)),
        Aim("the same job, 1 worker: the tuned Python loop, exactly once", False, 6.0, share(same, loop)),
        Aim("the same job, 2 workers: Kafka Streams, exactly once", False, 4.5, share(both, streams)),
        Aim("flags only, all features: bare transactions of every record", False, 0.7, share(flags, bare)),
        Aim("flags only, all features: Kafka Streams doing the smaller job", False, 2.5, share(flags, streams)),
        Aim("every decision: bare transactions of records of that size", False, 0.4, share(every, large)),
        Aim("p99 at 1,000/s, exactly once: bare transactions", True, 1.3, share(exactly, bare_exactly)),
        Aim("p99 at 1,000/s, at least once: the bare loop", True, 2.0, share(least, bare_least)),
        Aim("one lone event, p50: ms above the bare loop's", True, 2.0, more, "{:.1f}"),
    ]


def itself(of: Results) -> list[Aim]:
    """In lots of 1,000, what no peer is held against."""
    every = (
        ("15 features of the job, decode to encode, us", 1.2, "in memory", "decode to encode, the job of the peers us"),
        ("all features, decode to encode, flags only, us", 2.0, "in memory", "decode to encode, flags only us"),
        ("everything that a card remembers, us", 0.3, "windows", "card book us"),
        ("bytes of a card with 45 entries in 30 days", 1_024.0, "windows", "bytes per card"),
        ("a million cards from a snapshot, s", 3.0, "restoring", "restore s"),
        ("from the start of `fraudstream score` to its first flag, s", 4.0, "first flag", "first flag s"),
    )
    gap = share(of.itself("backlog", "gap per s"), of.itself("backlog", "bare consume per s"))
    return [
        *(Aim(said, True, bound, of.itself(kind, figure), "{:,.2f}") for said, bound, kind, figure in every),
        Aim("a gap folded again: a bare client's reading", False, 0.6, gap),
    ]


def judged(what: str, every: list[Aim], of: Results, runs: int) -> str:
    if not judges(of, runs):
        return table([what, "aim", "measured, too roughly to judge"], (each.row()[:3] for each in every))
    return table([what, "aim", "measured", "met"], (each.row() for each in every))


def judges(of: Results, runs: int) -> bool:
    return not of.found["machine"]["beside_others"] and runs >= FEWEST_RUNS


def missed(of: Results) -> str:
    """Why an aim is missed, of those that are."""
    plan = of.found["plan"]
    aims = ((against(of), plan["runs"]), (itself(of), plan["latency_runs"]))
    judged = [each for some, runs in aims if judges(of, runs) for each in some]
    if not judged:
        return "Measured too roughly to judge."
    every = [each.said for each in judged if each.missed]
    found = defaultdict(lambda: "-", facts(of))
    return "\n".join(f"- **{each}**: {MISSED.get(each, NO_REASON).format_map(found)}" for each in every) or "Nothing."


def facts(of: Results) -> dict[str, str]:
    """What the reasons in MISSED speak of: microseconds an event, unless the reason says otherwise."""
    every = {
        **{name: share(1e6, of.middle(name)) for name in of.peers},
        **{f"{name} cpu": of.middle(name, "cpu_s_per_million") for name in of.peers},
        **{f"{name} broker": of.middle(name, "broker_cpu_s_per_million") for name in of.peers},
        **{f"{name} cores": of.middle(name, "cores") for name in of.peers},
        "bare against Streams": share(of.middle(BARE_TX), of.middle(STREAMS)),
        "gap": share(of.itself("backlog", "gap per s"), 1e6),
        "bare reading": share(of.itself("backlog", "bare consume per s"), 1e6),
        **{each: of.itself("in memory", each) for each in of.figures("in memory")},
    }
    return {name: f"{value:.2f}" for name, value in every.items() if value is not None}


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
    return table(
        ["stage, lots of 1,000", "us an event"],
        ([each.removesuffix(" us"), cell(of.itself("in memory", each), "{:.2f}")] for each in of.figures("in memory")),
    )


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
    mean, most, days = job["mean_in_an_hour"], job["most_in_an_hour"], job["days"]
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

{judged("what, against what", against(of), of, of.found["plan"]["runs"])}

## By itself

What no peer is held against; medians of {of.found["plan"]["latency_runs"]} runs.

{judged("what", itself(of), of, of.found["plan"]["latency_runs"])}

{memory(of)}

{stages(of)}

## Missed, and why

{missed(of)}

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
        rows.append(Bar(f"{entry['title']} ({name})", rate, f"{rate:,.0f}", colour, min(every), max(every)))
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

"""What a generation must be like before anybody reads it. Each gate has a name, says its numbers, can be overridden."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from batch.nightly.limits import UNTOLD, Limits
from models.churn.tally import Tally, drift
from schemas.churn import Meta, to_text
from schemas.errors import Misconfigured, Usage
from schemas.settings.nightly import Nightly

PERCENT: Final = 100
NAMES: Final = ("rows", "rejected", "duplicates", "nulls", "unknown", "range", "drift", "eviction")
FEW_ROWS: Final = 1_000
"""Fewer customers than that move by chance: their drift is told and never refused."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Of the input: how many rows were read, how many of them could not be used and why; how many cells of each column
    said nothing: blank or no number, or of a category that was not there in training.
    """

    read: int
    rejected: int
    duplicates: int
    out_of_range: int
    blank: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    name: str
    passed: bool
    said: str
    overridden: bool = False

    def __str__(self) -> str:
        state = "passed" if self.passed else "overridden" if self.overridden else "REFUSED"
        return f"{self.name:<11} {state:<10} {self.said}"


class Refused(Misconfigured):
    """`gates` are all that were asked."""

    def __init__(self, gates: Sequence[Gate]) -> None:
        refusing = [gate for gate in gates if not (gate.passed or gate.overridden)]
        said = "; ".join(f"gate {gate.name}: {gate.said}" for gate in refusing)
        super().__init__(
            f"this generation does not go live: {said}",
            fix="see whether the input is whole; where it is right as it is: "
            + " ".join(f"--override {gate.name}" for gate in refusing)
            + ' --why "…"',
        )
        self.gates = tuple(gates)


def are_gates(names: Collection[str]) -> None:
    """Raises Usage for an override of what is no gate."""
    if unknown := sorted(set(names) - set(NAMES)):
        raise Usage(f"--override {', '.join(unknown)}: there is no such gate", fix=f"the gates are {', '.join(NAMES)}")


def judge(
    tally: Tally,
    counted: Counted,
    limits: Limits,
    previous: Meta | None,
    terms: Nightly,
    *,
    expected: int | None = None,
    overrides: Collection[str] = (),
) -> list[Gate]:
    """In the order of NAMES."""
    found = [
        _rows(tally.rows, previous, terms, expected),
        _share("rejected", counted.rejected, counted.read, terms.max_rejected, "rows cannot be used"),
        _share(
            "duplicates", counted.duplicates, counted.read, terms.max_duplicates, "rows are of customers seen before"
        ),
        _cells("nulls", counted.blank, counted, terms.max_blank, "blank or no number"),
        _cells("unknown", counted.unknown, counted, terms.max_unknown, "of a category unknown in training"),
        Gate("range", not counted.out_of_range, f"{counted.out_of_range:,} scores are not from 0 to 1"),
        _drift(tally, previous, terms),
        _eviction(limits),
    ]
    return [replace(gate, overridden=not gate.passed and gate.name in overrides) for gate in found]


def refuse(gates: Sequence[Gate]) -> None:
    if not all(gate.passed or gate.overridden for gate in gates):
        raise Refused(gates)


def _eviction(limits: Limits) -> Gate:
    if limits.policy == UNTOLD:
        return Gate("eviction", False, "this user may ask neither CONFIG nor INFO for the server's maxmemory-policy")
    return Gate("eviction", not limits.evicts, f"the server's maxmemory-policy is {limits.policy}")


def _rows(rows: int, previous: Meta | None, terms: Nightly, expected: int | None) -> Gate:
    if expected is None and previous is None:
        return Gate("rows", True, f"{rows:,} customers; none are live to compare with")
    usual = expected if expected is not None else previous.rows if previous else 0
    change = abs(rows - usual) / max(usual, 1)
    than = "expected" if expected is not None else "live"
    said = f"{rows:,} customers, {change:.1%} from the {usual:,} {than}; {terms.max_change:.1%} is the limit"
    return Gate("rows", change <= terms.max_change, said)


def _share(name: str, count: int, read: int, most: float, what: str) -> Gate:
    share = count / max(read, 1)
    return Gate(name, share <= most, f"{count:,} of {read:,} {what}, {share:.3%}; {most:.3%} is the limit")


def _cells(name: str, cells: Mapping[str, int], counted: Counted, most: float, what: str) -> Gate:
    """A column that a feed no longer fills, fills with what is no number, such as 12,5, or spells in another way."""
    usable = max(counted.read - counted.rejected, 1)
    worst = sorted(((count / usable, column) for column, count in cells.items()), reverse=True)
    if refused := [f"{column} {share:.1%}" for share, column in worst if share > most]:
        return Gate(name, False, f"cells are {what}: {', '.join(refused)}; {most:.1%} is the limit")
    if not worst:
        return Gate(name, True, "no columns to look at")
    return Gate(name, True, f"no column is {what} in more than {worst[0][0]:.1%}")


def _drift(tally: Tally, previous: Meta | None, terms: Nightly) -> Gate:
    if previous is None:
        return Gate("drift", True, "no generation is live to compare with")
    moved = drift(tally.deciles(previous.quantiles), previous.deciles)
    means = f"mean {to_text(previous.mean)} -> {to_text(tally.mean)}"
    if min(tally.rows, previous.rows) < FEW_ROWS:
        return Gate("drift", True, f"PSI {moved:.4f}, {means}; not judged below {FEW_ROWS:,} customers")
    said = f"PSI {moved:.4f} against {previous.generation}, {means}; {terms.max_drift:g} is the limit"
    return Gate("drift", moved <= terms.max_drift, said)

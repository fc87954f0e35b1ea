"""Findings for people and for programs: a table on a terminal, plain lines elsewhere, JSON when asked for."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fraudstream.doctor.finding import Finding, Severity

Section = tuple[str, Sequence[Finding]]
"""The name of a check, and what it found."""

STYLES: Final = {
    Severity.OK: "green",
    Severity.INFO: "cyan",
    Severity.WARNING: "yellow",
    Severity.ERROR: "bold red",
}


def facts(finding: Finding, *, subject: str = "subject") -> dict[str, str]:
    return {"severity": finding.severity, subject: finding.subject, "what": finding.what, "fix": finding.fix}


def as_json(rows: Iterable[dict[str, str]]) -> str:
    return json.dumps([*rows], indent=2)


def show(sections: Sequence[Section]) -> None:
    if sys.stdout.isatty():
        draw(sections, Console())
    else:
        print("\n".join(lines(sections)))  # noqa: T201 the command line speaks here


def lines(sections: Sequence[Section]) -> list[str]:
    """One line a finding, for grep and logs; its fix on the next, indented, to be copied whole."""
    written = []
    for name, finding in _flat(sections):
        written.append(f"{finding.severity:<8} {name:<12} {sentence(finding)}")
        written += [f"         fix: {finding.fix}"] if finding.fix else []
    return [*written, summary(sections)]


def draw(sections: Sequence[Section], console: Console) -> None:
    """Fixes stand below the table, unbroken: most are commands to be copied."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, finding in _flat(sections):
        table.add_row(Text(finding.severity, STYLES[finding.severity]), Text(name, "bold"), Text(sentence(finding)))
    console.print(table)
    for fix, subjects in fixes(sections).items():
        console.print()
        console.print(Text(f"{', '.join(dict.fromkeys(subjects))}:", "bold"))
        console.print(Text(f"  {fix}"), soft_wrap=True)
    console.print()
    console.print(Text(summary(sections), "bold"))


def fixes(sections: Sequence[Section]) -> dict[str, list[str]]:
    """Each fix once, with what it is for."""
    found: dict[str, list[str]] = {}
    for name, finding in _flat(sections):
        if finding.fix:
            found.setdefault(finding.fix, []).append(f"{name} {finding.subject}")
    return found


def summary(sections: Sequence[Section]) -> str:
    count = {severity: sum(each.severity is severity for _, each in _flat(sections)) for severity in Severity}
    errors, warnings = count[Severity.ERROR], count[Severity.WARNING]
    if not errors and not warnings:
        return "nothing is wrong"
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"


def sentence(finding: Finding) -> str:
    return f"{finding.subject}: {finding.what}"


def _flat(sections: Sequence[Section]) -> list[tuple[str, Finding]]:
    return [(name, finding) for name, findings in sections for finding in findings]

"""Whether the settings mean by night, home, risky, high and by money what a policy's thresholds were picked under."""

from collections.abc import Iterable, Iterator

from models.bank import Bank
from models.money import Money
from models.policies.policy_file import PolicyFile
from schemas.errors import Misconfigured


def check(policy: PolicyFile, bank: Bank, label: str) -> None:
    """Raises Misconfigured naming each setting that says something else than the policy."""
    if found := list(_differences(policy, bank)):
        said = "; ".join(f"{setting} is {ours}, the policy has {theirs}" for setting, theirs, ours in found)
        raise Misconfigured(
            f"the settings are not those of the policy {label}: {said}",
            fix="set them to what the policy has, or make a policy for what they are",
        )


def _differences(policy: PolicyFile, bank: Bank) -> Iterator[tuple[str, str, str]]:
    for setting, theirs, ours in (
        ("policy.timezone", policy.timezone, bank.places.timezone),
        ("rules.home_countries", _listed(policy.home_countries), _listed(bank.places.home_countries)),
        ("rules.risky_categories", _listed(policy.risky_categories), _listed(bank.places.risky_categories)),
        ("rules.amount_high_minor", policy.limits.amount_high_minor, bank.limits.amount_high_minor),
        ("rules.amount_extreme_minor", policy.limits.amount_extreme_minor, bank.limits.amount_extreme_minor),
        ("money.reference", policy.money.reference, bank.money.reference),
        ("money.rates", _rates(policy.money), _rates(bank.money)),
    ):
        if theirs != ours:
            yield setting, str(theirs) or "none", str(ours) or "none"


def _listed(values: Iterable[object]) -> str:
    return ",".join(sorted({str(each) for each in values}))


def _rates(money: Money) -> str:
    """Without a reference currency rates say nothing."""
    return ",".join(f"{code}={rate}" for code, rate in sorted(money.rates.items())) if money.reference else ""

"""Between trained thresholds and policies: what the settings say beside the thresholds, and which policy holds."""

from typing import Final

from models.judging.thresholds import Thresholds
from models.policies.policies import Policies, lives_of
from models.policies.policy_file import Costs, PolicyFile, Rates, RuleLimits
from models.registry.by import By
from models.registry.registry import Registry
from models.training.aims import Kind
from models.training.train import Recipe
from schemas.settings import Settings

HIGHEST: Final = 1.0
"""A policy has no word for never; this score is never reached, short of a margin of hundreds."""


def policy_of(digest: str, kind: Kind, at: Thresholds, recipe: Recipe, settings: Settings) -> PolicyFile:
    """For the model of that content digest."""
    aims, rules, money = recipe.aims, settings.rules, settings.money
    targets = {"recall": aims.recall, "budget": aims.alerts_per_day}
    return PolicyFile(
        format=1,
        kind=kind,
        target=targets.get(kind),
        review_at=min(at.review_at, HIGHEST),
        block_at=min(max(at.block_at, at.review_at), HIGHEST),
        model=digest,
        costs=Costs(review_minor=round(aims.costs.review_minor), wrong_block_minor=round(aims.costs.wrong_block_minor)),
        rates=Rates(version=1, reference=money.reference, millionths=dict(money.millionths))
        if money.reference
        else None,
        exploration=settings.policy.exploration,
        timezone=settings.policy.timezone,
        home_countries=tuple(rules.home_countries),
        risky_categories=tuple(rules.risky_categories),
        limits=RuleLimits(amount_high_minor=rules.amount_high_minor, amount_extreme_minor=rules.amount_extreme_minor),
    )


def live_thresholds(registry: Registry, model: str) -> Thresholds | None:
    """Of the policy that holds for that model; None where it has none, as a folder has."""
    found = registry.resolve(model)
    if found.name is None or not lives_of(registry.read().entries, found.name, str(found.digest)):
        return None
    policy = Policies(registry).live(model).policy
    return Thresholds(policy.review_at, policy.block_at)


def carry_over(registry: Registry, before: str, after: str, by: By) -> None:
    """The same trees under another digest keep the policy that holds for them."""
    old, new, policies = registry.resolve(before), registry.resolve(after), Policies(registry)
    if old.name is None or not lives_of(registry.read().entries, old.name, str(old.digest)):
        return
    policy = policies.live(str(old)).policy.model_copy(update={"model": str(new.digest)})
    policies.promote(str(policies.add(str(new), policy, by).entry), by)

"""What decides now, by settings and registry: the live model with its live policy, or the rules alone.

Where nothing was ever promoted under the alias, the rules decide. What is there and cannot be used is never passed
over: Misconfigured, before any group is joined.
"""

from pathlib import Path
from typing import Final

import structlog

from consumer.deciding.believed import believed, ref_of
from consumer.deciding.warm import warm
from models.bank import Bank
from models.decide import Decider, by_rules
from models.minds import Mind
from models.policies import agreement
from models.policies.list_shelf import ListShelf
from models.policies.lists import Lists
from models.policies.policies import Policies, Stored
from models.policy import Policy
from models.registry import aliases
from models.registry.reference import Reference, parse
from models.registry.registry import Registry, Resolved
from schemas.errors import Misconfigured, Usage
from schemas.settings import Settings
from schemas.settings.models import Models

FIX: Final = "set models.live to models:/fraud@champion, models:/fraud/3 or the like, or to nothing for rules alone"

log = structlog.get_logger(__name__)


def live(settings: Settings) -> Decider:
    """Says in one line what it is, and where rules decide because there is nothing else."""
    try:
        decider = chosen(settings)
    except (RuntimeError, PermissionError) as error:
        if (settings.models.root, settings.models.live) != (Models().root, Models().live):
            said = f"models.root {settings.models.root}: {error}"
            raise Misconfigured(said, fix="give this user the right to read it") from None
        log.warning("registry.out_of_reach", root=str(settings.models.root), why=str(error))
        decider = rules_alone(settings, Lists())
        warm(decider)
    there = settings.models.root == Models().root or settings.models.root.expanduser().exists()
    said = log.info if there else log.warning
    said("decider.live", model=name_of(decider), policy=decider.policy, why=_why(decider, settings.models))
    return decider


def chosen(settings: Settings, known: Mind | None = None) -> Decider:
    """With all compiled that its lots will need. `known` is used again where it is the one that is meant."""
    try:
        decider = _chosen(settings, known)
    except Usage as error:
        raise Misconfigured(error.message, fix=error.fix) from None
    warm(decider)
    return decider


def _chosen(settings: Settings, known: Mind | None) -> Decider:
    registry = registry_of(settings)
    model = _promoted(registry, settings.models.live)
    if model is None:
        return rules_alone(settings)
    mind = known if known is not None and known.ref == ref_of(model) else believed(registry, model)
    stored = Policies(registry).live(str(model))
    return by_policy(settings, mind, stored, ListShelf(registry.root).lists(stored.policy.lists))


def by_policy(settings: Settings, mind: Mind, stored: Stored, lists: Lists) -> Decider:
    """Raises Misconfigured where features and rules would mean something else than the policy does."""
    bank, policy = Bank.of(settings), stored.policy
    agreement.check(policy, bank, stored.label)
    sparing = policy.sparing(settings.enrich.max_age_ms)
    return Decider(mind, policy.thresholds, bank.limits, lists, policy.exploration, stored.named, sparing)


def registry_of(settings: Settings) -> Registry:
    return Registry(settings.models.root.expanduser(), settings.models.trusted)


def rules_alone(settings: Settings, lists: Lists | None = None) -> Decider:
    """With the newest lists, unless they are given."""
    policy, lists = settings.policy, lists or ListShelf(registry_of(settings).root).lists()
    return by_rules(Bank.of(settings), Policy(policy.review_at, policy.block_at), lists, policy.exploration)


def _promoted(registry: Registry, name: str) -> Resolved | None:
    """None where the rules are wanted, or where that alias never had a version."""
    if not name:
        return None
    wanted = _reference(name)
    if wanted.alias and wanted.alias not in aliases.current(registry.read().entries, wanted.name):
        return None
    return registry.resolve(str(wanted))


def _why(decider: Decider, models: Models) -> str:
    if decider.named is not None:
        return f"it is {models.live}"
    return f"nothing was promoted as {models.live} in {models.root}" if models.live else "models.live is empty"


def _reference(name: str) -> Reference:
    try:
        found = parse(name)
    except Usage as error:
        raise Misconfigured(f"models.live: {error.message}", fix=FIX) from None
    if isinstance(found, Path):
        raise Misconfigured(f"models.live is {name}, which is no model of the registry", fix=FIX)
    return found


def name_of(decider: Decider) -> str:
    return f"{decider.model.name}/{decider.model.version} {decider.model.digest}"

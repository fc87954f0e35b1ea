"""What a review and a wrong block cost, by the policy that is tried; without one, what training assumes."""

from models.judging.thresholds import Costs
from models.policies.policies import Policies
from models.registry.registry import Registry
from schemas.settings import Settings


def costs_of(settings: Settings, model: str, policy: str) -> Costs:
    """`model` may be `rules`, `policy` may be empty: then the one that is live for the model."""
    if model == "rules" and not policy:
        return Costs()
    policies = Policies(Registry(settings.models.root.expanduser(), settings.models.trusted))
    stored = policies.read(policy) if policy else policies.live(model)
    costs = stored.policy.costs
    return Costs(float(costs.review_minor), float(costs.wrong_block_minor))

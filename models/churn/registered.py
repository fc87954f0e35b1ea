"""The way from a name in the registry to what scores customers."""

from models.artefact.load import Loaded
from models.churn.model import ChurnModel
from models.registry.registry import Registry
from schemas.errors import Misconfigured


def load(registry: Registry, text: str) -> ChurnModel:
    """Checked as at any start. Raises Misconfigured where the model is for something else."""
    return of(registry.load(text), text)


def of(loaded: Loaded, text: str) -> ChurnModel:
    if loaded.churn is None:
        raise Misconfigured(f"{text} scores no customers", fix="name a model of `fraudstream churn train`")
    return loaded.churn

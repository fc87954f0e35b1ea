"""Churn scores for the customers of a lot: out of the host's copy of a generation, or asked for lot by lot."""

from consumer.enriching.building import enricher
from consumer.enriching.enricher import Enricher

__all__ = ["Enricher", "enricher"]

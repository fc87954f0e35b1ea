"""Churn: how likely a customer is to leave. Its scores weigh the cost of a wrong block; they are never a feature."""

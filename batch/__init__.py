"""The nightly side: churn generations in Redis."""

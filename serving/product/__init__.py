"""The product over HTTP: decisions, customers, flags, explanations and verdicts, below /v1."""

"""Every version of every model, and the ledger that says which of them is live."""

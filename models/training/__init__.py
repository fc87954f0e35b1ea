"""From a history to a candidate: which rows teach, which pick thresholds, which judge, and what comes of it."""

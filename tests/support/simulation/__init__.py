"""Whole groups of workers on the memory broker, under faults that are drawn from a seed, and the audit afterwards."""

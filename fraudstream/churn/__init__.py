"""Churn models for the command line: gathered, trained, judged, registered."""

"""Microseconds per event of the card book, and bytes per card, at a steady 45 events per card in 30 days."""  # noqa: INP001 - run, never imported

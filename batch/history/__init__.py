"""Labelled transactions of any origin: lots in order of arrival, label columns, truths.

`history.History` is what they are to others; `file_history` and `topic_history` make one. Nothing is imported here, so
that a command line knows its formats and units without waiting for Arrow.
"""

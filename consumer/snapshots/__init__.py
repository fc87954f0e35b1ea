"""Snapshots of what is remembered of a partition's cards: a cache of a fold of the log, written beside the scoring.

Nothing depends on one being there. What was scored since a snapshot is folded again from the log; without any, the log
is folded from the longest window back.
"""

"""Decisions computed anew from the logs, and compared with what was published, bit by bit.

Nothing here writes anything: topics are read as anybody may who has READ, no group is joined, no offset committed.
"""

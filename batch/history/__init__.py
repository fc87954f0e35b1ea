"""Labelled transactions of any origin: lots in order of arrival, label columns, truths."""

from batch.history.file_history import FileHistory, Origin
from batch.history.history import Account, History
from batch.history.rejects import Rejects
from batch.history.topic_history import TopicHistory
from batch.history.truths import Truths

__all__ = ["Account", "FileHistory", "History", "Origin", "Rejects", "TopicHistory", "Truths"]

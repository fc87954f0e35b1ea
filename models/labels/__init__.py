"""What confirmed frauds and genuine purchases say about a card and a terminal, as of any step."""

from models.labels.book import LabelBook
from models.labels.columns import LabelColumns
from models.labels.facts import LabelFacts
from models.labels.params import LabelParams

__all__ = ["LabelBook", "LabelColumns", "LabelFacts", "LabelParams"]

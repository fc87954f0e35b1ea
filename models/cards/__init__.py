"""What is remembered of every card: a fold of the input, partition by partition."""

from models.cards.book import CardBook
from models.cards.facts import CardFacts
from models.cards.terms import Terms

__all__ = ["CardBook", "CardFacts", "Terms"]

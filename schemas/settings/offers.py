"""What support offers to customers who call."""

from schemas.settings.group import Group


class Offers(Group):
    policy: str = ""
    """File with the policy of offers, JSON; empty is the shipped one."""

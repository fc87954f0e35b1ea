"""What the page is told once: which program it looks at, and what the features mean."""

from typing import Any

from models.feature_list import FEATURES


def about(program: str, version: str, title: str = "") -> dict[str, Any]:
    """`title` stands beside the product's name; empty is nothing."""
    features = [{"name": each.name, "group": each.group, "meaning": each.meaning} for each in FEATURES]
    return {"program": program, "version": version, "title": title, "features": features}

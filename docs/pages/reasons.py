"""Every reason that a decision can give, with its sentence."""

from typing import Final

from models.reasons.codes import CODES
from models.reasons.reasons import FEWEST, MOST
from models.rules import RULES
from pages import markdown
from pages.markdown import code, table

INTRODUCTION: Final = f"""\
# Reasons

Every flag has {FEWEST} to {MOST} reasons, the strongest first. Codes are stable; sentences are for people.

## Of the model

Each stands for a group of features, and every feature is in one. A group's evidence is what it adds to the score when
the groups of the row replace, one after the other, what genuine transactions usually look like; of all orders the
average counts, so that two groups which say the same share it. Evidence is compared with that of genuine transactions:
what hardly any of them reaches is strong. Of reasons that are nearly equally strong, the first of this list leads.
"""
RULES_BELOW: Final = """
## Of the rules

Rules that hit follow those of the model, the one that weighs most first. A model alone always gives at least two, even
if only one group speaks for fraud.
"""


def page() -> str:
    model = ((code(each.code), each.sentence, ", ".join(map(code, each.features))) for each in CODES)
    ruled = ((code(each.code), each.sentence) for each in RULES)
    return markdown.page(
        INTRODUCTION,
        table(("code", "sentence", "features"), model),
        RULES_BELOW,
        table(("code", "sentence"), ruled),
    )

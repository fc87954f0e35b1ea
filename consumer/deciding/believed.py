"""A registered model as something that decides: believed step by step, compiled, and compared with what it was."""

from typing import TYPE_CHECKING, Final

import numpy as np

from models.artefact.refusal import refused
from models.drift.stored import reference_of
from models.features import FEATURE_VERSION, FEATURES
from models.minds import DIGEST_DIGITS, ModelMind, ModelRef
from models.reasons import Reasons
from models.registry.registry import Registry, Resolved

if TYPE_CHECKING:
    from models.artefact.load import Loaded

NOT_THIS: Final = "promote a model that was trained on transactions, or set models.live to one"


def ref_of(model: Resolved) -> ModelRef:
    return ModelRef(str(model.name), str(model.version), str(model.digest)[:DIGEST_DIGITS])


def believed(registry: Registry, model: Resolved) -> ModelMind:
    """Raises Misconfigured for whatever is damaged, of other features, or not shown to be equal to the last bit."""
    from models import trees  # noqa: PLC0415 - two seconds, which rules alone need not wait for
    from models.artefact.load import Expected  # noqa: PLC0415

    where = str(model)
    expected = Expected([each.name for each in FEATURES], FEATURE_VERSION)
    loaded = registry.load(where, expected=expected, compile_=trees.compile)
    evaluator = loaded.evaluator
    if not isinstance(evaluator, trees.Evaluator):
        raise _not_compiled(loaded, where)
    if mismatch := trees.parity(evaluator, loaded.estimator, np.asarray(loaded.golden.rows)):
        raise refused(where, str(mismatch), fix=NOT_THIS)
    reasons = Reasons.of(loaded.manifest.medians, evaluator, f"{where} manifest.json")
    stored = loaded.manifest.histograms
    reference = reference_of(stored, f"{where} manifest.json") if stored else None
    return ModelMind(ref_of(model), evaluator, reasons, reference)


def _not_compiled(loaded: "Loaded", where: str) -> Exception:
    from models import trees  # noqa: PLC0415

    try:
        trees.compile(loaded.estimator, len(FEATURES))
    except trees.Uncompilable as error:
        return refused(where, f"does not decide in the stream: {error.message}", fix=error.fix)
    return refused(where, "its compiled form gives other margins than those written down", fix=NOT_THIS)

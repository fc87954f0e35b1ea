"""Why a model is not used in the stream. Both are settings to be mended: starting again does not help."""

from schemas.errors import Misconfigured


class Uncompilable(Misconfigured):
    """The estimator may be fine, but equal bits cannot be shown for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the model cannot be compiled: {reason}",
            fix="score files or serve over HTTP with it, or train a HistGradientBoostingClassifier for the stream",
        )
        self.reason = reason


class Unsound(Misconfigured):
    """A tree that leaves its memory, turns in circles or answers with something that is no number."""

    def __init__(self, place: str, fault: str) -> None:
        super().__init__(
            f"the model is damaged or hostile: {place}: {fault}",
            fix="fetch it again from where it was made, or train it again; do not load it elsewhere",
        )
        self.place = place
        self.fault = fault

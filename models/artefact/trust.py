"""What a model file may hold: the types of scikit-learn that are known here, and those the operator adds.

An artefact has no say in it. A type is trusted with what its code does; what its content says is checked elsewhere.
"""

from collections.abc import Collection, Mapping
from typing import Final

HGB: Final = "sklearn.ensemble._hist_gradient_boosting."
NUMBERS: Final = frozenset(
    f"numpy.{name}"
    for name in (
        "bool",
        "bool_",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
    )
)
PLAIN: Final = frozenset(f"builtins.{name}" for name in ("bool", "int", "float", "str", "list", "tuple", "dict", "set"))
LOSSES: Final = frozenset(
    f"sklearn._loss._loss.Cy{name}"
    for name in (
        "HalfBinomialLoss",
        "HalfMultinomialLoss",
        "HalfSquaredError",
        "AbsoluteError",
        "HalfPoissonLoss",
        "PinballLoss",
    )
)
PREPROCESSING: Final = (
    "_data.Binarizer",
    "_data.MaxAbsScaler",
    "_data.MinMaxScaler",
    "_data.Normalizer",
    "_data.PowerTransformer",
    "_data.QuantileTransformer",
    "_data.RobustScaler",
    "_data.StandardScaler",
    "_discretization.KBinsDiscretizer",
    "_encoders.OneHotEncoder",
    "_encoders.OrdinalEncoder",
    "_label.LabelBinarizer",
    "_label.LabelEncoder",
    "_polynomial.PolynomialFeatures",
)
OBJECTS: Final = frozenset(
    {
        f"{HGB}gradient_boosting.HistGradientBoostingClassifier",
        f"{HGB}gradient_boosting.HistGradientBoostingRegressor",
        f"{HGB}binning._BinMapper",
        f"{HGB}predictor.TreePredictor",
        *(
            f"sklearn._loss.link.{name}"
            for name in ("Interval", "IdentityLink", "LogLink", "LogitLink", "HalfLogitLink", "MultinomialLogit")
        ),
        *(f"sklearn._loss.loss.{loss.rpartition('.Cy')[2]}" for loss in LOSSES),
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.pipeline.Pipeline",
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.impute._base.MissingIndicator",
        *(f"sklearn.preprocessing.{name}" for name in PREPROCESSING),
        *(
            f"sklearn.feature_extraction.text.{name}"
            for name in ("CountVectorizer", "TfidfTransformer", "TfidfVectorizer")
        ),
    }
)
TREE: Final = "sklearn.tree._tree.Tree"
LOADERS: Final[Mapping[str, frozenset[str]]] = {
    "DictNode": frozenset({"builtins.dict", "collections.OrderedDict"}),
    "ListNode": frozenset({"builtins.list"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "SetNode": frozenset({"builtins.set"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "JsonNode": frozenset({"builtins.str"}),
    "NdArrayNode": NUMBERS | {"numpy.ndarray"},
    "DTypeNode": frozenset({"numpy.dtype"}),
    "RandomGeneratorNode": frozenset({"numpy.random._generator.Generator"}),
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "TypeNode": PLAIN | NUMBERS,
    "LossNode": LOSSES,
    "ObjectNode": OBJECTS,
}
"""Which types each kind of node may be. Kinds that call things (methods, partials, operators) are in no list."""
OPEN: Final = frozenset({"ObjectNode", "TreeNode", "TypeNode", "FunctionNode", "LossNode", "ConstructorFromReduceNode"})
"""Kinds to which the operator's own types are added."""


def may_be(kind: str, name: str, trusted: Collection[str]) -> bool:
    return name in LOADERS.get(kind, ()) or (kind in OPEN and name in trusted)


def known(kind: str) -> bool:
    return kind in LOADERS or kind in OPEN


def names(trusted: Collection[str]) -> list[str]:
    """Every type that may occur, for the library's own audit."""
    return sorted(frozenset().union(*LOADERS.values()) | frozenset(trusted))

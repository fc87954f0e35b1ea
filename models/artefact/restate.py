"""The same model with something new said of it: another artefact, with another digest, of the same trees."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.artefact.load import Loaded
from models.artefact.opened import open_
from models.artefact.write import OWN, Parts


def restated(loaded: Loaded, metrics: Mapping[str, Any], created_at: datetime) -> Parts:
    """What is already said stays, unless `metrics` says it anew; what lies beside the model stays as well."""
    files, said = open_(loaded.folder, seal=loaded.manifest.seal)
    return Parts(
        estimator=loaded.estimator,
        features=said.features,
        feature_version=said.feature_version,
        golden=loaded.golden,
        created_at=created_at,
        origin=said.origin,
        thresholds=said.thresholds,
        metrics={**said.metrics, **metrics},
        training=said.training,
        medians=said.medians,
        histograms=said.histograms,
        task=said.task,
        encoding=said.encoding,
        calibration=said.calibration,
        types=said.types,
        extras={name: content for name, content in files.items() if name not in OWN},
    )

"""Every metric of the scorer, declared once; the reference page is made from this file."""

from functools import cache
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY: Final = CollectorRegistry()

STAGE_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
LOT_BUCKETS: Final = (1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10000, 20000)
SNAPSHOT_BUCKETS: Final = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)


@cache
def child(metric: Any, *labels: str) -> Any:  # noqa: ANN401 - any kind of metric with labels
    """The one with these labels, of a metric that is never cleared: the client takes as long to find it as to count."""
    return metric.labels(*labels)


DECISIONS: Final = Counter("fraudstream_decisions", "Decisions committed, by outcome.", ["outcome"], registry=REGISTRY)
DEAD_LETTERS: Final = Counter(
    "fraudstream_dead_letters", "Records committed to the dead letters, by reason.", ["reason"], registry=REGISTRY
)
MARKS: Final = Counter("fraudstream_marks", "Scored records that carry a mark, by mark.", ["mark"], registry=REGISTRY)
RULES: Final = Counter(
    "fraudstream_rules",
    "Rows by rule and what it came to: hit, snoozed (would have hit), error (could not be evaluated).",
    ["rule", "status"],
    registry=REGISTRY,
)
LOT_ROWS: Final = Histogram("fraudstream_lot_rows", "Records per lot.", buckets=LOT_BUCKETS, registry=REGISTRY)
STAGE_SECONDS: Final = Histogram(
    "fraudstream_stage_seconds",
    "Seconds a lot spent in a stage: decode, remember (records of the past), enrich, see (cards, labels, features), "
    "decide, watch (drift), encode, publish.",
    ["stage"],
    buckets=STAGE_BUCKETS,
    registry=REGISTRY,
)
DECISION_AGE_SECONDS: Final = Histogram(
    "fraudstream_decision_age_seconds",
    "Seconds from the record timestamp of the oldest record of a lot to its commit.",
    buckets=(*STAGE_BUCKETS, 10.0, 60.0, 600.0, 3600.0),
    registry=REGISTRY,
)
CHECKPOINTS: Final = Counter(
    "fraudstream_checkpoints",
    "Checkpoints by outcome: committed, failed, resolved_done (only the reply was lost), resolved_again.",
    ["outcome"],
    registry=REGISTRY,
)
RECYCLES: Final = Counter("fraudstream_producer_recycles", "Producers replaced after trouble.", registry=REGISTRY)
ASSIGNMENTS: Final = Gauge("fraudstream_assigned_partitions", "Input partitions this worker owns.", registry=REGISTRY)
LAG_RECORDS: Final = Gauge(
    "fraudstream_lag_records", "Records behind the end of an input partition.", ["partition"], registry=REGISTRY
)
LAG_SECONDS: Final = Gauge(
    "fraudstream_lag_seconds",
    "How long the oldest record that is not handled yet has been waiting in an input partition, at most.",
    ["partition"],
    registry=REGISTRY,
)
OUTPUT_STANDSTILL_SECONDS: Final = Gauge(
    "fraudstream_output_standstill_seconds",
    "How long readers of committed records have stood still at an open transaction, in the worst partition of a topic.",
    ["topic"],
    registry=REGISTRY,
)
RESTORES: Final = Counter(
    "fraudstream_restores",
    "Partitions whose state was restored, by where from: aside (kept in memory), snapshot, log (no snapshot fitted).",
    ["source"],
    registry=REGISTRY,
)
RESTORE_SECONDS: Final = Histogram(
    "fraudstream_restore_seconds",
    "Seconds until it was known from where a partition is read; folding the log from there on comes after.",
    buckets=SNAPSHOT_BUCKETS,
    registry=REGISTRY,
)
RESTORING: Final = Gauge(
    "fraudstream_restoring_partitions", "Partitions that are ours and are not read yet.", registry=REGISTRY
)
CATCHING_UP: Final = Gauge(
    "fraudstream_catching_up_offsets",
    "Offsets of a partition that are read again for what is remembered of cards, before new ones are answered.",
    ["partition"],
    registry=REGISTRY,
)
REMEMBERED: Final = Counter(
    "fraudstream_remembered", "Records that were answered already, and were folded again.", registry=REGISTRY
)
CARDS: Final = Gauge("fraudstream_cards", "Cards that this worker remembers.", registry=REGISTRY)
STATE_BYTES: Final = Gauge("fraudstream_state_bytes", "Memory that the cards take.", registry=REGISTRY)
LABELS_LEARNED: Final = Counter("fraudstream_labels_learned", "Labels learned by this worker.", registry=REGISTRY)
LABELS_REFUSED: Final = Counter(
    "fraudstream_labels_refused",
    "Records of the label topic that cannot be used, by reason.",
    ["reason"],
    registry=REGISTRY,
)
LABELS_LATE: Final = Counter(
    "fraudstream_labels_late",
    "Labels that could be read only when their step had been answered for: published too late for labels.grace.",
    registry=REGISTRY,
)
LABELS_STALLED: Final = Gauge(
    "fraudstream_labels_stalled", "1 while lots are scored of which labels may be missing.", registry=REGISTRY
)
LABEL_LAG_RECORDS: Final = Gauge(
    "fraudstream_label_lag_records", "Records behind the ends of the label topic.", registry=REGISTRY
)
LABEL_LAG_SECONDS: Final = Gauge(
    "fraudstream_label_lag_seconds",
    "How long ago the label topic ended where it was read up to; infinite before its end was reached once.",
    registry=REGISTRY,
)
CHURN_LOOKUPS: Final = Counter(
    "fraudstream_churn_lookups", "Rows by the status of their churn score.", ["status"], registry=REGISTRY
)
CHURN_GENERATION_TIME: Final = Gauge(
    "fraudstream_churn_generation_timestamp_seconds",
    "When the churn generation in use was published, in Unix time; absent while there is none.",
    ["generation"],
    registry=REGISTRY,
)
CHURN_AS_OF: Final = Gauge(
    "fraudstream_churn_as_of_timestamp_seconds",
    "As of when the customers of the churn generation in use were scored, in Unix time: what `stale` is told by.",
    ["generation"],
    registry=REGISTRY,
)
CHURN_LOADS: Final = Counter(
    "fraudstream_churn_loads",
    "Copies of a churn generation taken into use: loaded (from Redis), shared (another worker of the host had it), "
    "kept (Redis was away at the start); or failed (what was in use stays).",
    ["outcome"],
    registry=REGISTRY,
)
CHURN_LOAD_SECONDS: Final = Histogram(
    "fraudstream_churn_load_seconds",
    "Seconds from seeing another churn generation to using it, beside the scoring.",
    buckets=SNAPSHOT_BUCKETS,
    registry=REGISTRY,
)
CHURN_COPY_BYTES: Final = Gauge(
    "fraudstream_churn_copy_bytes",
    "Size of the host's copy of the churn generation in use, shared by all its workers; 0 without one.",
    registry=REGISTRY,
)
REGISTRY_WAITS: Final = Counter(
    "fraudstream_registry_waits", "Times a lot waited for the schema registry.", registry=REGISTRY
)
DEGRADED: Final = Gauge("fraudstream_degraded", "1 while a named degradation is in force.", ["name"], registry=REGISTRY)
SNAPSHOTS: Final = Counter(
    "fraudstream_snapshots",
    "Snapshots by outcome: written, failed (scoring goes on, older ones stay), replaced (a newer one came first).",
    ["outcome"],
    registry=REGISTRY,
)
SNAPSHOT_SECONDS: Final = Histogram(
    "fraudstream_snapshot_seconds",
    "Seconds to write a snapshot, beside the scoring.",
    buckets=SNAPSHOT_BUCKETS,
    registry=REGISTRY,
)
SNAPSHOT_BYTES: Final = Gauge(
    "fraudstream_snapshot_bytes", "Size of a partition's last snapshot.", ["partition"], registry=REGISTRY
)
SNAPSHOT_TIME: Final = Gauge(
    "fraudstream_snapshot_timestamp_seconds",
    "When this worker last wrote a snapshot of a partition, in Unix time.",
    ["partition"],
    registry=REGISTRY,
)
SNAPSHOTS_IGNORED: Final = Counter(
    "fraudstream_snapshots_ignored", "Snapshots that were not restored from, by reason.", ["reason"], registry=REGISTRY
)
SNAPSHOTS_PRUNED: Final = Counter(
    "fraudstream_snapshots_pruned", "Snapshots removed because newer ones are kept.", registry=REGISTRY
)
SNAPSHOT_READ_SECONDS: Final = Histogram(
    "fraudstream_snapshot_read_seconds",
    "Seconds to find, read and check the snapshot that a partition is restored from.",
    buckets=SNAPSHOT_BUCKETS,
    registry=REGISTRY,
)
ORDERS_IGNORED: Final = Counter(
    "fraudstream_orders_ignored", "Records of the orders topic that are no order this release knows.", registry=REGISTRY
)
PARTITIONS_STOPPED: Final = Gauge(
    "fraudstream_partitions_stopped",
    "Partitions of this worker that are not scored, by why: paused (by order), dead_letters (too many of them), "
    "schema_registry (it is away).",
    ["why"],
    registry=REGISTRY,
)
DEAD_LETTER_STOPS: Final = Counter(
    "fraudstream_dead_letter_stops", "Times a partition stopped for too many dead letters.", registry=REGISTRY
)
DRIFT: Final = Gauge(
    "fraudstream_drift_deviations",
    "By how many standard deviations a feature or the score was unusual on the last whole day, where that alarms.",
    ["feature"],
    registry=REGISTRY,
)
DRIFT_DAYS: Final = Counter(
    "fraudstream_drift_days",
    "Days that were compared with the live model's training, by what came of it.",
    ["said"],
    registry=REGISTRY,
)
LAST_TURN_SECONDS: Final = Gauge(
    "fraudstream_last_turn_timestamp_seconds", "When the loop last turned, in Unix time.", registry=REGISTRY
)
WORKER_INFO: Final = Gauge(
    "fraudstream_worker_info", "Always 1; who this is.", ["worker", "pid", "version"], registry=REGISTRY
)
MODEL_INFO: Final = Gauge(
    "fraudstream_model_info", "Always 1; what decides.", ["name", "version", "digest", "policy"], registry=REGISTRY
)
RELOADS: Final = Counter(
    "fraudstream_reloads",
    "Other models, policies or lists that became live while this worker ran: loaded, or failed (the old goes on).",
    ["outcome"],
    registry=REGISTRY,
)
DEGRADATIONS: Final = ("churn_unavailable", "labels_stalled", "backlog")
"""Those that a lot's decisions carry; the others are set by the part that finds them."""
DEAD_LETTERS_STOPPED: Final = "dead_letters_stopped"
SNAPSHOTS_FAILING: Final = "snapshots_failing"
RELOAD_FAILED: Final = "reload_failed"
CHURN_REFRESH_FAILED: Final = "churn_refresh_failed"

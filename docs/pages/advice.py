"""Of each metric, what it is like when all is well and what to do when it is not."""

from collections.abc import Mapping
from typing import Final

ADVICE: Final[Mapping[str, str]] = {
    "fraudstream_decisions": "Moves while anything is published. Compare outcomes with yesterday's: a share that jumps "
    "is an attack, a new producer, or what was promoted last.",
    "fraudstream_dead_letters": "Flat. Each reason has its cure in [dead letters](dead-letters.md#reasons).",
    "fraudstream_marks": "Small shares. What a mark means and what to do stands in [topics](topics.md#marks).",
    "fraudstream_rules": "`error` stays 0; try a rule that fails with `fraudstream rules test FILE`.",
    "fraudstream_lot_rows": "Small while the scorer keeps up: lots grow by themselves when records wait.",
    "fraudstream_stage_seconds": "Compare the stages: publish is the broker, enrich is Redis, the others are this "
    "machine.",
    "fraudstream_decision_age_seconds": "What your customers wait: milliseconds. It is large for as long as a backlog "
    "lasts.",
    "fraudstream_checkpoints": "`committed` moves with every lot, at least once with some. `failed` moves when brokers "
    "restart; if it does not stop, see `checkpoint.failed` in the log.",
    "fraudstream_producer_recycles": "Flat but for trouble with brokers.",
    "fraudstream_assigned_partitions": "Their sum over all workers is the input's number of partitions.",
    "fraudstream_lag_records": "Near 0, and falling after a stop. Growing everywhere: add workers. Growing in one "
    "partition: a hot card, or a schema registry that is waited for.",
    "fraudstream_lag_seconds": "Below a second. The figure to alert on: records say nothing of how long they wait.",
    "fraudstream_restores": "Moves at starts and rebalances. `log` for all of them after a restart: snapshots are not "
    "found or do not fit; `snapshot.ignored` in the log says why.",
    "fraudstream_restore_seconds": "Seconds. Slow: the place of snapshots is.",
    "fraudstream_restoring_partitions": "0 but for seconds after a start or a rebalance.",
    "fraudstream_catching_up_offsets": "Falls to 0 after a start: what a snapshot does not hold is read again, and "
    "nothing new is answered before. Take snapshots more often if that takes too long.",
    "fraudstream_remembered": "Moves after starts and rebalances alone.",
    "fraudstream_cards": "The cards of the last 30 days in this worker's partitions.",
    "fraudstream_state_bytes": "Far below the memory of the machine.",
    "fraudstream_output_standstill_seconds": "0. A lot's transaction is open for milliseconds; a dead worker's ends "
    "with its successor's start, or after score.transaction_timeout_ms. Otherwise `fraudstream doctor` names the "
    "partition and the command that ends it.",
    "fraudstream_labels_learned": "Moves as verdicts are published.",
    "fraudstream_labels_refused": "Flat. The reasons are those of [dead letters](dead-letters.md#reasons).",
    "fraudstream_labels_late": "Flat. Otherwise verdicts are published slower than half of "
    "[labels.grace](settings.md#labelsgrace).",
    "fraudstream_labels_stalled": "0. 1 for long means that the label topic, or a transaction that hangs on it, is to "
    "be looked at; scoring goes on and says so in its epochs.",
    "fraudstream_label_lag_records": "Near 0 but for the first minutes after a start.",
    "fraudstream_label_lag_seconds": "A second or two.",
    "fraudstream_churn_lookups": "Mostly `fresh`. `unavailable` is Redis; `unknown_customer` is the nightly job's.",
    "fraudstream_churn_generation_timestamp_seconds": "Of last night. Older: see why the nightly job did not publish.",
    "fraudstream_churn_as_of_timestamp_seconds": "Less than [enrich.max_age](settings.md#enrichmax_age) ago. "
    "Older: scores are `stale`.",
    "fraudstream_churn_loads": "`loaded` or `shared` once a night for each worker; `failed` stays flat. The event "
    "churn.unavailable says why.",
    "fraudstream_churn_load_seconds": "Below a second for a million customers.",
    "fraudstream_churn_copy_bytes": "12 MB for each million customers, once per host.",
    "fraudstream_registry_waits": "Flat. Otherwise start the schema registry or correct "
    "[registry.url](settings.md#registryurl); records wait and are not lost.",
    "fraudstream_degraded": "0. The name says what decisions are made without; those made meanwhile carry it.",
    "fraudstream_snapshots": "`written` moves every [state.snapshot_every](settings.md#statesnapshot_every); `failed` "
    "stays flat.",
    "fraudstream_snapshot_seconds": "Seconds. Slower every day: the place is, or cards are many.",
    "fraudstream_snapshot_bytes": "Grows with the cards of the last 30 days.",
    "fraudstream_snapshot_timestamp_seconds": "Not older than a few times "
    "[state.snapshot_every](settings.md#statesnapshot_every) where anything is scored: a restart "
    "reads what came since.",
    "fraudstream_snapshots_ignored": "Flat but after a release or a changed setting, when all are ignored once.",
    "fraudstream_snapshots_pruned": "Moves with `written`.",
    "fraudstream_snapshot_read_seconds": "Seconds, at a start and after a rebalance.",
    "fraudstream_last_turn_timestamp_seconds": "A second ago at most. Older than 30 seconds: the process hangs; its "
    "`/health/live` says so, and whoever watches that starts it again.",
    "fraudstream_worker_info": "One line per slot. Two versions at once: a release is under way.",
    "fraudstream_orders_ignored": "Above 0: orders were given with a newer release than this worker has.",
    "fraudstream_partitions_stopped": "`dead_letters` above 0: nobody scores those partitions until somebody has "
    "looked, see [operating](operating.md). `paused`: somebody wanted it. `schema_registry`: start the registry.",
    "fraudstream_dead_letter_stops": "Above 0: a producer sends what cannot be scored.",
    "fraudstream_reloads": "`loaded` moves when something becomes live. `failed` stays flat; `reload.failed` in the "
    "log says why, and [live](models.md#live) what then holds.",
    "fraudstream_drift_deviations": "Nothing, on usual days. A feature that stays has moved: see what changed "
    "upstream, then `fraudstream drift`, then train again.",
    "fraudstream_drift_days": "`judged` grows once a day. `not_enough_rows`: this worker scores too few to tell.",
    "fraudstream_model_info": "The same on every worker, but for a moment after a promotion.",
    "fraudstream_http_requests": "`status` 200 alone, but for callers who err. 429 and 503 for long: more is asked "
    "than this machine can do; add workers. 500: see `model.failed` and `request.failed` in the log.",
    "fraudstream_http_request_seconds": "Milliseconds for one row. Slow while `fraudstream_http_predict_seconds` is "
    "not: requests wait for each other, or clients are slow.",
    "fraudstream_http_predictions": "Moves while anything is asked.",
    "fraudstream_http_batch_rows": "1 while there is time for each request by itself; it grows under load, by itself.",
    "fraudstream_http_predict_seconds": "What the model needs.",
    "fraudstream_http_queue_rows": "Near 0. At [serve.queue_rows](settings.md#servequeue_rows) requests are refused "
    "with 429.",
    "fraudstream_http_queue_bytes": "Near 0. At [serve.queue_bytes](settings.md#servequeue_bytes) requests are refused "
    "with 429.",
    "fraudstream_http_connections": "Below [serve.connections](settings.md#serveconnections) for each worker.",
    "fraudstream_http_slow_clients": "Flat. `headers` from one place for long is an attack, or a broken proxy.",
    "fraudstream_http_model_reloads": "`loaded` moves when an alias does. `failed` stays flat; `model.not_switched` in "
    "the log says why.",
}
"""By name as declared: without `_total`."""

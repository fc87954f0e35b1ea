"""What a Kafka error means for the worker: end, wait, or recycle. One table, read by source and checkpoint alike."""

from typing import Final

from confluent_kafka import KafkaError, KafkaException

from schemas.errors import Fenced, FraudstreamError, Misconfigured, RestartMe

FENCED: Final = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 librdkafka's local codes are spelled with an underscore
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.PRODUCER_FENCED,
    }
)

FENCED_IN_WORDS: Final = KafkaError(KafkaError.FENCED_INSTANCE_ID).str()
"""A fenced static member is told `_FATAL`, and the reason only as the client's words for it."""

GRANT: Final = "grant this user {}"
RIGHTS: Final = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: GRANT.format(
        "READ on the topics of transactions and labels, and WRITE on the output topics"
    ),
    KafkaError.GROUP_AUTHORIZATION_FAILED: GRANT.format("READ on the consumer group"),
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: GRANT.format("WRITE on transactional ids with prefix score.app"),
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: GRANT.format("IDEMPOTENT_WRITE on the cluster (brokers before 2.8)"),
}

LOGIN: Final = "check sasl.* and ssl.* under kafka.properties"
EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001
"""No trouble: all that is there was read."""
OFF_THE_LOG: Final = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})  # noqa: SLF001
MOVE: Final = (
    "the group's position is no longer in the log: records were deleted before they were scored; decide where to go on "
    "with `fraudstream operate move`, then start again"
)
CUT: Final = (
    "a broker lost records that the group had answered, and others were written in their place: after an election of a "
    "leader that was behind, or a disk that was put back; the log begins to differ at the broker end offset named "
    "above; decide where to go on with `fraudstream operate move`, then start again"
)
CUT_IN_WORDS: Final = KafkaError(KafkaError._LOG_TRUNCATION).str()  # noqa: SLF001
"""It is told as `_AUTO_OFFSET_RESET`, and the reason only as the client's words for it."""
PROPERTY: Final = "correct kafka.properties; `fraudstream settings` shows what is set and where it comes from"
FIXES: Final = {
    KafkaError.MSG_SIZE_TOO_LARGE: "let the output topics and their brokers take records of 1 MiB: max.message.bytes",
    KafkaError._INVALID_ARG: PROPERTY,  # noqa: SLF001
    KafkaError._CONFLICT: PROPERTY,  # noqa: SLF001
    KafkaError._AUTHENTICATION: LOGIN,  # noqa: SLF001
    KafkaError.SASL_AUTHENTICATION_FAILED: LOGIN,
    **dict.fromkeys(OFF_THE_LOG, MOVE),
}


def error_of(exception: KafkaException) -> KafkaError:
    error: KafkaError = exception.args[0]
    return error


def was_cut(error: KafkaError) -> bool:
    """Whether the log was cut below where it was read, and other records may stand there now."""
    return error.code() in OFF_THE_LOG and CUT_IN_WORDS in error.str()


def ending(error: KafkaError) -> FraudstreamError | None:
    """The end this error demands, or None when waiting or recycling may help."""
    code, text = error.code(), error.str()
    if code in FENCED or FENCED_IN_WORDS in text:
        return Fenced(f"another process took this slot over ({error.name()})")
    if was_cut(error):
        return Misconfigured(f"refused: {text}", fix=CUT)
    if fix := RIGHTS.get(code) or FIXES.get(code):
        return Misconfigured(f"refused: {text}", fix=fix)
    fatal = error.fatal() or code == KafkaError._FATAL  # noqa: SLF001
    return RestartMe(f"fatal client error: {error.name()}: {text}") if fatal else None

"""The decision maths. Pure: no Kafka, no Redis, no clock, no files except artefacts handed in."""

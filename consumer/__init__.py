"""The streaming scorer: Kafka in, Kafka out."""

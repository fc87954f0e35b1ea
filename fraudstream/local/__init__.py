"""A real Kafka and a real Redis on this machine, from installed packages: no Docker, no system Java."""

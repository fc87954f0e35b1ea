"""What tells the live page: threads that look at Kafka, the workers, Redis and the registry, and never end it."""

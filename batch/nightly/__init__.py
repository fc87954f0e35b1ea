"""The nightly job: every customer is scored, checked and published to Redis as one generation."""

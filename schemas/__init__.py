"""The contracts: what travels on topics and lies in Redis, the lot, the settings, the errors. No I/O at import."""

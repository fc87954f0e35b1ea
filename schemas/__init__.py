"""The contracts: what travels on topics and lies in Redis, and the settings. Pure: no I/O at import, none in calls."""

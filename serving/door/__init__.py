"""MLflow's words over HTTP: probes, version, metrics and /invocations."""

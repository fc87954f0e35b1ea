"""What stands between this machine and a scored transaction: checks, each finding with its fix."""

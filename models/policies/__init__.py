"""What stands between a score and an outcome: policies, lists and snoozes, each a version in the registry."""

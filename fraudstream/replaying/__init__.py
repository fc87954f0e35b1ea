"""What `replay` and `explain` found, for people and for programs."""

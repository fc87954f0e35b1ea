"""`fraudstream tutorial`: batch against real time, tried out with the parts that do it in earnest."""

"""The nightly run on Spark: the same functions, each task its own part; what is live is decided by the driver alone."""

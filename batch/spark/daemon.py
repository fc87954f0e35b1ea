"""The process that Spark forks its Python workers from: with everything that tasks need loaded once for all of them."""

from pyspark.daemon import manager

from batch.spark import tasks

__all__ = ["manager", "tasks"]

if __name__ == "__main__":
    manager()

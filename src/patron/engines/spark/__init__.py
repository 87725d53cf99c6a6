"""Spark through Spark Connect, for data that outgrows a machine."""

from __future__ import annotations

from patron.engines.spark.engine import SparkEngine

__all__ = ["SparkEngine"]

"""Figures of the running process for Prometheus."""

from halo_voice.metrics.figures import CONTENT_TYPE, Metrics

__all__ = ["CONTENT_TYPE", "Metrics"]

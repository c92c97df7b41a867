"""Weights out of any Keras model, and edits into it, without changing the model."""

from attnviz.capture.buckets import BUCKETS, Bucketed
from attnviz.capture.model import CapturedModel
from attnviz.capture.run import Run, SiteRun
from attnviz.capture.sites import Site

__all__ = ["BUCKETS", "Bucketed", "CapturedModel", "Run", "Site", "SiteRun"]

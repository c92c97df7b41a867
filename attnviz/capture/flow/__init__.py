"""Where the axes of a graph's tensors come from: batch, tokens, features or weights, and through which operations."""

from attnviz.capture.flow.atoms import Atom, Axis
from attnviz.capture.flow.known import Known, Picked
from attnviz.capture.flow.walk import Flow

__all__ = ["Atom", "Axis", "Flow", "Known", "Picked"]

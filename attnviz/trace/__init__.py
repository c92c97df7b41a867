"""The one value that crosses every border: an immutable record of the attention of one run.

Plain NumPy and strings; nothing here knows TensorFlow, Plotly or Streamlit. Models make traces,
everything else reads them.
"""

from attnviz.trace.axes import Axis, RegionAxis, TokenAxis
from attnviz.trace.block import (
    KINDS,
    MASK_CAUSAL,
    MASK_HIDDEN,
    MASK_NONE,
    MASK_OTHER,
    MASK_PADDING,
    ROW_TOLERANCE,
    AttentionBlock,
    Groups,
    Kind,
    index_of,
)
from attnviz.trace.edit import HIDDEN, LIFTED, OWN, Edit
from attnviz.trace.encoded import Encoded
from attnviz.trace.notice import Notice
from attnviz.trace.outputs import (
    WRITTEN_KINDS,
    Classification,
    Embedding,
    Filled,
    Output,
    Tensor,
    Written,
    WrittenKind,
)
from attnviz.trace.pixels import is_image, picture_of
from attnviz.trace.source import Picture, Source, Text, source_of
from attnviz.trace.steps import Step, Steps
from attnviz.trace.trace import MAX_WEIGHTS, AttentionTrace

__all__ = [
    "HIDDEN",
    "KINDS",
    "LIFTED",
    "MASK_CAUSAL",
    "MASK_HIDDEN",
    "MASK_NONE",
    "MASK_OTHER",
    "MASK_PADDING",
    "MAX_WEIGHTS",
    "OWN",
    "ROW_TOLERANCE",
    "WRITTEN_KINDS",
    "AttentionBlock",
    "AttentionTrace",
    "Axis",
    "Classification",
    "Edit",
    "Embedding",
    "Encoded",
    "Filled",
    "Groups",
    "Kind",
    "Notice",
    "Output",
    "Picture",
    "RegionAxis",
    "Source",
    "Step",
    "Steps",
    "Tensor",
    "Text",
    "TokenAxis",
    "Written",
    "WrittenKind",
    "index_of",
    "is_image",
    "picture_of",
    "source_of",
]

"""One model over many sentences: what each of its heads does, as a rule and at its extremes.

    found = attnviz.corpus.measure("sentiment-en-encoder", sentences)
    found.heads                                   # every figure of every head: mean, median, histogram
    found.find("previous", "encoder")             # the heads that look at the token before
    found.chosen("encoder", 0, 1, "previous")     # sentences worth opening

Source: HeadVis (2026): what a head does over a corpus seldom is what one sentence suggests.
"""

from attnviz.corpus.reading import Line, files, lines
from attnviz.corpus.result import Measured, read
from attnviz.corpus.run import measure

__all__ = ["Line", "Measured", "files", "lines", "measure", "read"]

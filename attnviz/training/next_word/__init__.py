"""Models of the next word: documents made of the sentences of the parallel data, and what is measured of them."""

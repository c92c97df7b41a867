"""Training of the translation models: pairs, pieces, alignments, the loop and the scores."""

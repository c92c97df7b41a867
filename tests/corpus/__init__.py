"""One model over many sentences."""

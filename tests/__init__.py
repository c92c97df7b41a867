"""Tests of attnviz; `python -m tests` runs everything."""

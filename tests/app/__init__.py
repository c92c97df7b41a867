"""Tests of the page without a browser: Streamlit's AppTest on `attnviz/ui/main.py`."""

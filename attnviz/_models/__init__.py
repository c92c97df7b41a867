"""Where an installed package has its models: `pyproject.toml` puts the folder `models` in this one's place."""

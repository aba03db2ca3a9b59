"""A tournament engine in which language models debate."""

__version__ = "0.1.0"

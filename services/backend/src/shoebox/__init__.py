"""Shoebox: a self-hosted image host. Importing any module of it does nothing."""

__version__ = "0.1.0"

"""Demonstration Workbench: curate in-context demonstrations with local language models."""

__version__ = "0.1.0"

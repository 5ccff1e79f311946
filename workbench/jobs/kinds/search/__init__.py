"""Searches for a set of demonstrations."""

"""Choosing demonstrations: strategies over an objective, baselines, and the check on held-out questions.

Pure: no torch, no files, no database. Random numbers come from a numpy Generator that is passed in.
"""

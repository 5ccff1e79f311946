"""Answers judged and compared, MT-Bench style (Zheng et al., arXiv 2306.05685)."""

"""Bidirectional Alignment (Qin et al., arXiv 2312.17055): teach a small model what a large one prefers.

A student is trained on in-context learning samples so that its output distribution follows the teacher's
(output_loss.py, Eq. 1) and so that it prefers the demonstrations that the teacher prefers (ranking_loss.py, Eq. 2–3).
"""

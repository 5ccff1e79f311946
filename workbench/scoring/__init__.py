"""Log-likelihoods of reference answers, and the measures of a demonstration."""

from workbench.scoring.candidates import SetObjective, score_candidates
from workbench.scoring.sequences import answer_sequences, conversation, rendered_answer

__all__ = ["SetObjective", "answer_sequences", "conversation", "rendered_answer", "score_candidates"]

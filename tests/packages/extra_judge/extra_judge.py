"""A measure and a judge as a researcher's own package brings them."""

from workbench.bench.measures import Grade, Grader, ReferenceMeasure
from workbench.domain import Question


def same_length(answer: str, reference: str) -> float:
    """1 where the answer is as long as its reference, and less the more they differ."""
    longer = max(len(answer), len(reference))
    return min(len(answer), len(reference)) / longer if longer else 1.0


def is_polite(question: Question, turn: int, answer: str) -> Grade:
    return Grade(1.0, "It thanks.") if "thank" in answer.lower() else Grade(0.0, "It does not thank.")


SAME_LENGTH = ReferenceMeasure("same_length", "As long as the reference", "length kept", "0 to 1", function=same_length)
POLITE = Grader("polite", "Politeness", "politeness", "share of polite answers", grade=is_polite,
                fits=lambda question: True, about="Politeness, by its words")

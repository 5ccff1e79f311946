"""Which judge prompt an answer is judged with, and the text that is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter

from workbench.domain import Question
from workbench.domain.judge_prompt import JudgePrompt, JudgePromptKind
from workbench.errors import JobError

REFERENCE_CATEGORIES = frozenset({"math", "reasoning", "coding", "arena-hard-200"})
"""FastChat's: the categories whose answers are judged beside a reference."""


def choose(prompts: Sequence[JudgePrompt], kind: JudgePromptKind, question: Question, turn: int) -> JudgePrompt:
    """The first prompt of ``kind`` that is made for this turn (0 = the first) and has a reference where one is needed.

    FastChat shows a reference in REFERENCE_CATEGORIES, and stops where there is none; here such a question gets the
    general prompt. Raises JobError where there is no prompt for the turn.
    """
    wanted = wants_reference(question, turn)
    fitting = [p for p in prompts if p.kind == kind and p.multi_turn == (turn > 0)]
    found = [p for p in fitting if p.with_reference == wanted]
    if not found:
        which = f"{'with' if wanted else 'without'} a reference, for {'later turns' if turn else 'the first turn'}"
        raise JobError(f"There is no {'pairwise' if kind == 'pairwise' else 'single-answer'} judge prompt {which}.",
                       safe="Nothing was judged.", remedy="Add one to the file, or choose the workbench's own prompts.")
    return found[0]


def wants_reference(question: Question, turn: int) -> bool:
    """Whether the question's category is judged beside references, and has them for all that is shown."""
    shown = question.references[max(turn - 1, 0): turn + 1]
    return question.category in REFERENCE_CATEGORIES and len(shown) == min(turn, 1) + 1 and all(shown)


def asked(prompt: JudgePrompt, question: Question, turn: int, *answers: Sequence[str]) -> str:
    """The judge's user message: ``answers`` are the turn-by-turn texts of one assistant, or of two.

    A prompt for two turns shows the turn that is judged and the one before it, so that it serves longer conversations.
    """
    first = max(turn - 1, 0) if prompt.multi_turn else turn
    values: dict[str, str] = {"question": question.turns[turn]}
    for number, at in enumerate(range(first, turn + 1), 1):
        values[f"question_{number}"] = question.turns[at]
        if at < len(question.references):
            values[f"ref_answer_{number}"] = question.references[at]
    for side, texts in zip(("answer",) if len(answers) == 1 else ("answer_a", "answer_b"), answers, strict=True):
        values[side] = texts[turn]
        values |= {f"{side}_{number}": texts[at] for number, at in enumerate(range(first, turn + 1), 1)}
    return _laid_out(prompt.prompt_template, values)


def _laid_out(template: str, values: Mapping[str, str]) -> str:
    """``str.format`` for plain names: nothing in a text is looked at again."""
    parts = []
    for literal, name, _, _ in Formatter().parse(template):
        parts += [literal, "" if name is None else values[name]]
    return "".join(parts)

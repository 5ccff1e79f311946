"""What a language-model judge is asked: FastChat's judge prompts, one a row of judge_prompts.jsonl."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from string import Formatter
from typing import Literal

JudgePromptKind = Literal["single", "pairwise"]
OutputFormat = Literal["[[rating]]", "[[A]]", "[[rating_a,rating_b]]"]

OUTPUT_FORMATS: dict[JudgePromptKind, tuple[OutputFormat, ...]] = {
    "single": ("[[rating]]",), "pairwise": ("[[A]]", "[[rating_a,rating_b]]"),
}
PLACEHOLDERS: dict[JudgePromptKind, frozenset[str]] = {
    "single": frozenset({"question", "answer", "question_1", "question_2", "answer_1", "answer_2", "ref_answer_1",
                         "ref_answer_2"}),
    "pairwise": frozenset({"question", "answer_a", "answer_b", "question_1", "question_2", "answer_a_1", "answer_a_2",
                           "answer_b_1", "answer_b_2", "ref_answer_1", "ref_answer_2"}),
}


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """``prompt_template`` is laid out as ``str.format`` does, with the names of PLACEHOLDERS in braces.

    ``output_format`` says what the judge's words are searched for.
    """

    name: str
    kind: JudgePromptKind
    system_prompt: str
    prompt_template: str
    output_format: OutputFormat
    description: str = ""
    category: str = "general"

    @property
    def placeholders(self) -> frozenset[str]:
        """The names in braces. Raises ValueError where the braces do not match."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.prompt_template) if name is not None)

    @property
    def multi_turn(self) -> bool:
        return "question_2" in self.placeholders

    @property
    def with_reference(self) -> bool:
        return "ref_answer_1" in self.placeholders

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over what the judge sees and how its words are read."""
        payload = json.dumps([self.system_prompt, self.prompt_template, self.output_format])
        return hashlib.sha256(payload.encode("ascii")).hexdigest()

"""Prompts made into text: templates, exact spans, token counts."""

from workbench.prompts.budget import TokenCounts, check_context, count_tokens
from workbench.prompts.custom import check_source, is_source
from workbench.prompts.render import TEMPLATES, add, needs_tokenizer, render

__all__ = [
    "TEMPLATES", "TokenCounts", "add", "check_context", "check_source", "count_tokens", "is_source",
    "needs_tokenizer", "render",
]

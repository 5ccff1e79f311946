"""The tokenizer's own chat template, with the rules as its system message."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.domain import Prompt, Rendered, Role, SpanKind, Turn
from workbench.errors import PromptError
from workbench.prompts.located import Texts, lay_out
from workbench.prompts.pieces import awaits_answer, labelled_conversation, labelled_demonstration
from workbench.prompts.template import ChatTokenizer, Template


def build(prompt: Prompt, turns: Sequence[Turn], tokenizer: ChatTokenizer | None) -> Rendered:
    """The last reply, if it is the last turn, follows what the template puts before an answer.

    Raises PromptError where there is no tokenizer or no chat template, or where the template refuses the turns.
    """
    if tokenizer is None:
        raise PromptError(
            "The chat template is the model's own, and no model is chosen.",
            remedy="Choose a model, or another template.",
        )
    given = turns if awaits_answer(turns) else turns[:-1]
    reply = turns[len(given) :]
    labelled = [*labelled_conversation(turns)]

    def whole(texts: Texts, *, system: bool) -> str:
        messages = _messages(prompt, given, texts, system=system)
        return tokenizer.apply_chat_template(messages, open_answer=bool(turns)) if messages else ""

    try:
        pieces = lay_out(lambda texts: whole(texts, system=True))
    except PromptError:
        if not prompt.rules:
            raise
        # Some templates (Gemma's) know no system message: the rules then open the first user's turn.
        pieces = lay_out(lambda texts: whole(texts, system=False))
    if reply:
        _, kind, index = labelled[-1]
        pieces.part(reply[0].text, kind, index)
    return pieces.rendered(())


def _messages(prompt: Prompt, given: Sequence[Turn], texts: Texts, *, system: bool) -> list[dict[str, str]]:
    labelled = [item for i, d in enumerate(prompt.demonstrations) for item in labelled_demonstration(d, i)]
    labelled += labelled_conversation(given)
    rules = texts.add(prompt.rules, SpanKind.RULES, 0)
    messages = [{"role": turn.role.value, "content": texts.add(turn.text, kind, i)} for turn, kind, i in labelled]
    if rules and system:
        return [{"role": Role.SYSTEM.value, "content": rules}, *messages]
    if rules and messages:
        messages[0]["content"] = f"{rules}\n\n{messages[0]['content']}"
    return messages


TEMPLATE = Template("chat", "The model's own chat template", build, needs_tokenizer=True)

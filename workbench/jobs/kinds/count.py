"""The short jobs that a person waits for: token counts, one cell of a heat map, one answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from workbench.domain import ModelRef, Prompt, Question, Role, TokenScore, Turn
from workbench.errors import JobError
from workbench.jobs.events import Counted, Finished, Text, Tokens
from workbench.jobs.run import Run
from workbench.jobs.specs import CountSpec, GenerateSpec, InspectSpec
from workbench.models.base import Decoding, LanguageModel, Tokenizer
from workbench.prompts import add, check_context, render

COUNTS_PER_EVENT = 500


def run_count(spec: CountSpec, run: Run) -> None:
    """Says Counted in batches: tokens of each text alone, without the tokens that open a sequence."""
    with _tokenizer(spec.model, run) as tokenizer:
        for start in range(0, len(spec.texts), COUNTS_PER_EVENT):
            batch = spec.texts[start : start + COUNTS_PER_EVENT]
            run.say(Counted(tuple((id, tokenizer.count(text, special=False)) for id, text in batch)))
            run.progress(start + len(batch), len(spec.texts), "texts")
    run.say(Finished({"texts": len(spec.texts)}))


@contextmanager
def _tokenizer(ref: ModelRef, run: Run) -> Iterator[Tokenizer]:
    """Of a served model the server's, where it counts; a model that is loaded stays so."""
    if ref.server is None or not ref.server.tokenising:
        yield run.tokenizer(ref)
        return
    from workbench.models.openai_model import OpenAIModel

    with closing(OpenAIModel.load(ref)) as served:
        yield served.tokenizer


def run_inspect(spec: InspectSpec, run: Run) -> None:
    """Says Tokens: the reference answer of one turn, token by token, without and with the candidate."""
    question, turn = spec.question, spec.turn
    references = question.references[: turn + 1]
    if min(len(references), len(question.turns)) <= turn or not all(references):
        raise JobError(f"Turn {turn + 1} of this question has no reference answer to look at.")
    model = run.load(spec.model)
    before, before_text = _tokens(model, add(spec.base, spec.chosen, spec.position), question, turn)
    run.checkpoint()
    added = add(spec.base, (*spec.chosen, spec.candidate), spec.position)
    after, after_text = _tokens(model, added, question, turn)
    run.say(Tokens(before, after, before_text, after_text))
    run.say(Finished())


def _tokens(model: LanguageModel, prompt: Prompt, question: Question, turn: int) -> tuple[tuple[TokenScore, ...], str]:
    """The scored tokens of the turn's reference under ``prompt``, and the text that the model saw."""
    from workbench.scoring.sequences import answer_sequences, conversation

    talk = conversation(question.turns[: turn + 1], question.references[: turn + 1])
    rendered = render(prompt, talk, tokenizer=model.tokenizer)
    check_context(model.tokenizer.count(rendered.text), model.context)
    return tuple(model.inspect(answer_sequences([rendered], model.tokenizer)[0])), rendered.text


def run_generate(spec: GenerateSpec, run: Run) -> None:
    """Says Text as it comes, for each turn in order; a later turn sees the model's own earlier answers."""
    if not spec.turns:
        raise JobError("There is no question to answer.", remedy="Type one.")
    model = run.load(spec.model)
    conversation: list[Turn] = []
    answers: list[str] = []
    for number, question in enumerate(spec.turns):
        conversation.append(Turn(Role.USER, question))
        rendered = render(spec.prompt, conversation, tokenizer=model.tokenizer)
        decoding = Decoding(spec.max_tokens, spec.temperature, spec.top_p, spec.top_k, spec.repetition_penalty,
                            rendered.stop, spec.seed, spec.min_p)

        def on_text(_: int, text: str, turn: int = number) -> None:
            run.checkpoint()
            run.say(Text(text, turn))

        answer = model.generate([rendered.text], decoding, on_text)[0]
        conversation.append(Turn(Role.ASSISTANT, answer))
        answers.append(answer)
    run.say(Finished({"answers": answers}))

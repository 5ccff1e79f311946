"""All that the Prompt page shows of one prompt, read in one go on the database lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.domain import Demonstration, Interval, Prompt, Rendered, Role, Turn
from workbench.errors import WorkbenchError
from workbench.models import Tokenizer
from workbench.prompts import count_tokens, render
from workbench.services.project import Project
from workbench.services.prompts import PromptInfo
from workbench.services.results import PromptEffect
from workbench.services.tokenizers import Tokenizers
from workbench.wording import counted, grouped

QUESTION = "{question}"                          # stands for the question that will be asked
LONGEST = 8                                      # of a set's questions, the longest by characters are tokenised


@dataclass(frozen=True, slots=True)
class Segment:
    """``place`` is the demonstration's (0…), None for the rules and the question."""

    label: str
    tokens: int
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens of each part and the model's context (0: not known). ``model`` is the tokenizer's."""

    segments: tuple[Segment, ...] = ()
    context: int = 0
    model: str = ""

    @property
    def used(self) -> int:
        return sum(segment.tokens for segment in self.segments)

    def in_words(self) -> str:
        if not self.context:
            return f"{counted(self.used, 'token')}"
        left = self.context - self.used
        rest = f"{grouped(left)} left" if left >= 0 else f"{grouped(-left)} too many"
        return f"{grouped(self.used)} of {grouped(self.context)} tokens, {rest}"

    def parts_in_words(self) -> str:
        """ "Rules 118  ·  demonstrations 1 577  ·  question up to 260"."""
        tokens = {"rules": 0, "demonstrations": 0, "question up to": 0}
        for segment in self.segments:
            kind = "demonstrations" if segment.place is not None else segment.label.lower()
            tokens["question up to" if kind == "question" else kind] += segment.tokens
        text = "  ·  ".join(f"{kind} {grouped(count)}" for kind, count in tokens.items() if count)
        return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Card:
    """``tokens`` is what the demonstration takes up in this prompt; None where no tokenizer could count."""

    id: int
    instruction: str
    category: str
    tokens: int | None
    gain: Interval | None


@dataclass(frozen=True, slots=True)
class PromptState:
    """``rendered`` ends where the answer to QUESTION begins; None when the template fails: then ``problem`` says why.

    ``offsets`` are the tokens' characters in the rendered text, empty without a tokenizer; ``tokens`` is the count of
    the prompt without the question, None without a tokenizer.
    """

    prompts: tuple[PromptInfo, ...]
    prompt: Prompt | None = None
    cards: tuple[Card, ...] = ()
    budget: Budget = field(default_factory=Budget)
    rendered: Rendered | None = None
    offsets: tuple[tuple[int, int], ...] = ()
    tokens: int | None = None
    problem: str = ""
    effect: PromptEffect | None = None               # measured with this very text and the current model

    @property
    def over(self) -> int:
        """Tokens too many for the model's context; 0 when it fits or is not known."""
        return max(0, self.budget.used - self.budget.context) if self.budget.context else 0


def read_prompt(project: Project, prompt_id: int | None, tokenizers: Tokenizers) -> PromptState:
    """The prompt of that id; the first one when there is no such prompt."""
    prompts = tuple(project.prompts.all())
    known = [info.id for info in prompts]
    if not known:
        return PromptState(())
    prompt = project.prompts.get(prompt_id if prompt_id in known else known[0])
    found = tokenizers.current(project)
    tokenizer = found[1] if found is not None else None
    problem, rendered, counts = "", None, None
    try:
        rendered = render(prompt, [Turn(Role.USER, QUESTION)], tokenizer=tokenizer)
        counts = count_tokens(prompt, tokenizer) if tokenizer is not None else None
    except WorkbenchError as error:
        problem = str(error)
    budget = Budget()
    if counts is not None and tokenizer is not None and found is not None:
        question = _question_tokens(project, prompt, tokenizer, counts.total)
        budget = _budget(counts.rules, counts.demonstrations, question, _context(project, found[0].id), found[0].name)
    offsets = tokenizer.encode(rendered.text).offsets if rendered is not None and tokenizer is not None else ()
    model = project.models.current()
    effect = project.results.prompt_effect(prompt, model) if model is not None else None
    cards = _cards(project, prompt.demonstrations, counts.demonstrations if counts is not None else (), effect)
    tokens = counts.total if counts is not None else None
    return PromptState(prompts, prompt, cards, budget, rendered, offsets, tokens, problem, effect)


def _cards(
    project: Project, demonstrations: Sequence[Demonstration], tokens: Sequence[int], effect: PromptEffect | None
) -> tuple[Card, ...]:
    """What each brings: what it adds to the others where that is measured, else its own gain when it was scored."""
    ids = [d.id for d in demonstrations if d.id is not None]
    gains = {row.id: row.gain for row in project.demonstrations.rows(ids)}
    return tuple(Card(d.id or 0, d.instruction, d.category, tokens[place] if place < len(tokens) else None,
                      effect.adds[place] if effect is not None else gains.get(d.id or 0))
                 for place, d in enumerate(demonstrations))


def _budget(rules: int, demonstrations: Sequence[int], question: int, context: int, model: str) -> Budget:
    segments = [Segment("Rules", rules)] if rules else []
    segments += [Segment(str(place + 1), tokens, place) for place, tokens in enumerate(demonstrations)]
    if question:
        segments.append(Segment("Question", question))
    return Budget(tuple(segments), context, model)


def _question_tokens(project: Project, prompt: Prompt, tokenizer: Tokenizer, tokens: int) -> int:
    """What the longest first question of the project's sets adds to the prompt."""
    sets = [project.questions.get(info.id) for info in project.questions.sets()]
    asked = [question.turns[0] for found in sets for question in found.questions if question.turns]
    most = 0
    for text in sorted(asked, key=len, reverse=True)[:LONGEST]:
        whole = tokenizer.encode(render(prompt, [Turn(Role.USER, text)], tokenizer=tokenizer).text)
        most = max(most, len(whole.ids) - tokens)
    return most


def _context(project: Project, model_id: int | None) -> int:
    model = next((info for info in project.models.all() if info.ref.id == model_id), None)
    if model is None:
        return 0
    known = model.ref.server or model.facts
    return known.context if known is not None else 0

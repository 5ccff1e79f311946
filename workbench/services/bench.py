"""The bench: contestants, their answers, and what judges and people say of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.bench.answers import asked
from workbench.domain import Answer, Changes, Contestant, Judgement, Kind, Question, Rendered
from workbench.domain.bench import Verdict
from workbench.domain.query import plain_words
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.answer import AnswerSpec
from workbench.models import load_tokenizer
from workbench.prompts import needs_tokenizer
from workbench.wording import counted
from workbench_db import answers as stored_answers
from workbench_db import bench_search, revisions
from workbench_db import contestants as stored_contestants
from workbench_db import judgements as stored_judgements
from workbench_db import questions as stored_questions
from workbench_db.bench_search import Hit
from workbench_db.session import Connection

if TYPE_CHECKING:
    from workbench.services.project import Project

__all__ = ["Bench", "Hit"]

VOTES = {"answer": "the one", "other": "the other", "tie": "a tie", "both_bad": "both bad", "skip": "skipped"}


class Bench:
    """``project.bench``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    # — contestants —

    def contestants(self, question_set_id: int | None = None) -> list[Contestant]:
        """All, or those that have answers to a question set; by id."""
        with self._project.database.read() as connection:
            ids = None if question_set_id is None else stored_contestants.answering(connection, question_set_id)
            return stored_contestants.contestants(connection, ids)

    def add_contestants(self, contestants: Iterable[Contestant]) -> list[Contestant]:
        """With their ids, and the models as the project has them now. One that would answer in the very same way as one
        that is there already is that one."""
        models = {model.ref.path: model.ref for model in self._project.models.all()}
        wanted = [replace(one, model=models.get(one.model.path, one.model)) for one in contestants]
        with self._project.database.write() as connection:
            ids = [stored_contestants.insert_contestant(connection, one) for one in wanted]
            found = {one.id: one for one in stored_contestants.contestants(connection, ids)}
        return [found[id] for id in ids]

    def rename_contestant(self, contestant_id: int, name: str) -> Changes:
        if not name.strip():
            raise WorkbenchError("A contestant needs a name.", safe="Nothing was changed.")
        return self._patch_contestants([contestant_id], {"name": name}, f"Contestant renamed to “{name}”")

    def delete_contestants(self, contestant_ids: Sequence[int]) -> Changes:
        """Take contestants away, with their answers and what was said of them (undoable)."""
        label = f"{counted(len(contestant_ids), 'contestant')} deleted"
        return self._patch_contestants(contestant_ids, {"deleted": 1}, label)

    def bring_back(self, contestant_ids: Sequence[int]) -> Changes:
        """Show those that were put aside or deleted, with their answers (undoable)."""
        return self._patch_contestants(contestant_ids, {"deleted": 0}, "Answers of a search brought to the bench")

    # — answers —

    def answering(self, contestants: Sequence[Contestant], question_set_id: int, *, repeats: int = 1,
                  question_ids: Iterable[int] | None = None) -> AnswerSpec:
        """A job in which the contestants answer a question set (or some of its questions).

        What they have answered already is not answered again. Raises WorkbenchError: nobody to answer, nothing to ask.
        """
        questions = self._project.questions.get(question_set_id).questions
        if question_ids is not None:
            wanted = set(question_ids)
            questions = tuple(question for question in questions if question.id in wanted)
        if not contestants or not questions:
            raise WorkbenchError("There is nobody to answer, or nothing to ask.", safe="Nothing was started.",
                                 remedy="Choose contestants and questions.")
        if not all(one.model.path for one in contestants):
            raise WorkbenchError("The answers of a contestant came from a file; it cannot answer more.",
                                 safe="Nothing was started.", remedy="Choose a model of the project.")
        return AnswerSpec(tuple(self.add_contestants(contestants)), questions, repeats)

    def answers(self, question_set_id: int, contestant_ids: Iterable[int] | None = None) -> list[Answer]:
        """By contestant, question's place, repeat and turn."""
        with self._project.database.read() as connection:
            return stored_answers.of_set(connection, question_set_id, contestant_ids)

    def answers_to(self, question_ids: Iterable[int], contestant_ids: Iterable[int]) -> list[Answer]:
        """What these contestants have answered to these questions, in the order it was stored."""
        with self._project.database.read() as connection:
            return stored_answers.of_contestants(connection, contestant_ids, question_ids)

    def answers_by_id(self, answer_ids: Sequence[int]) -> list[Answer]:
        """In the order of the ids; those that are gone are left out."""
        with self._project.database.read() as connection:
            return stored_answers.get(connection, answer_ids)

    def store_answers(self, contestants: Sequence[Contestant], answers: Iterable[Answer], label: str) -> Changes:
        """Store answers that came from a file; their ``contestant_id`` is a place in ``contestants``. Undoable."""
        with self._project.database.write() as connection:
            before = {one.id for one in stored_contestants.contestants(connection)}
            ids = [stored_contestants.insert_contestant(connection, one) for one in contestants]
            made = [stored_answers.insert_answer(connection, replace(answer, contestant_id=ids[answer.contestant_id]))
                    for answer in answers]
            new = [id for id in dict.fromkeys(ids) if id not in before]
            change = revisions.open_change(connection, self._project.person, label)
            revisions.record_added(connection, change, Kind.CONTESTANT.value, new)
        touched = {Kind.CONTESTANT: frozenset(ids), Kind.ANSWER: frozenset(made)}
        return Changes(touched, label, undoable=bool(new), created=tuple(ids))

    def prompt_of(self, answer_id: int) -> Rendered:
        """The exact text that the model saw before this answer, with what each stretch of it is.

        Raises WorkbenchError: the answer is gone, came from a file, or an earlier turn's answer is not there;
        ModelError where the model's chat template cannot be read.
        """
        with self._project.database.read() as connection:
            answer, contestant, question = self._behind(connection, answer_id)
            others = stored_answers.of_contestants(connection, [answer.contestant_id], [answer.question_id])
        earlier = {one.turn: one.text for one in others if one.repeat == answer.repeat and one.turn < answer.turn}
        if contestant.from_file or len(earlier) < answer.turn:
            raise WorkbenchError("The prompt of this answer is not known: it came from a file.",
                                 remedy="Choose an answer that was made here.")
        tokenizer = None
        if contestant.prompt is not None and needs_tokenizer(contestant.prompt):
            tokenizer = load_tokenizer(contestant.model)
        return asked(contestant, question, [earlier[turn] for turn in range(answer.turn)], tokenizer)

    def search(self, text: str, question_set_id: int) -> list[Hit]:
        """Answers, and judgements, with the words that were typed."""
        with self._project.database.read() as connection:
            return bench_search.search(connection, plain_words(text), question_set_id)

    # — judgements —

    def judgements(self, question_set_id: int, contestant_ids: Iterable[int] | None = None) -> list[Judgement]:
        """In the order they were made; of a pair, both answers are of the contestants given."""
        with self._project.database.read() as connection:
            return stored_judgements.of_set(connection, question_set_id, contestant_ids)

    def judgements_of(self, answer_ids: Iterable[int]) -> list[Judgement]:
        with self._project.database.read() as connection:
            return stored_judgements.of_answers(connection, answer_ids)

    def judgements_by_id(self, judgement_ids: Iterable[int]) -> list[Judgement]:
        with self._project.database.read() as connection:
            return stored_judgements.get(connection, judgement_ids)

    def vote(self, person: str, answer_a: int, answer_b: int, verdict: Verdict, reasons: Sequence[str] = (), *,
             b_first: bool = False, note: str = "") -> Changes:
        """What a person says of two answers: "answer" (a is better), "other" (b), "tie", "both_bad" or "skip".

        ``b_first`` tells that b stood on the left, where a reader begins. Undoable. Raises WorkbenchError.
        """
        if verdict not in VOTES or answer_a == answer_b:
            raise ValueError(f"no vote: {verdict} on {answer_a} and {answer_b}")
        self._check_votable([answer_a, answer_b])
        orders: dict[str, Verdict] = {"second" if b_first else "first": verdict}
        judgement = Judgement(person, "pair", answer_a, answer_b, verdict=verdict, words=note, by_person=True,
                              details={"reasons": list(reasons)}, **orders)    # type: ignore[arg-type]
        return self.add_judgement(judgement, f"Vote of {person}: {VOTES[verdict]}")

    def rate(self, person: str, answer_id: int, score: float, *, note: str = "") -> Changes:
        """A person's rating of one answer, 1 to 10; the rating before it is put aside. Undoable."""
        if not 1 <= score <= 10:
            raise WorkbenchError(f"A rating is 1 to 10, not {score:g}.", safe="Nothing was changed.")
        self._check_votable([answer_id])
        judgement = Judgement(person, "rating", answer_id, score=score, words=note, by_person=True)
        return self.add_judgement(judgement, f"Rating of {person}: {score:g}")

    def add_judgement(self, judgement: Judgement, label: str) -> Changes:
        """Store a judgement that a person made or brought in. Undoable."""
        return self.store_judgements([judgement], label)

    def store_judgements(self, judgements: Iterable[Judgement], label: str) -> Changes:
        """Store judgements in one undoable step."""
        with self._project.database.write() as connection:
            change = revisions.open_change(connection, self._project.person, label)
            put_aside: dict[int, dict[str, object]] = {}
            made = list(judgements)
            for judgement in made:
                if judgement.by_person and judgement.kind == "rating":
                    for old in stored_judgements.of_answers(connection, [judgement.answer_id]):
                        if old.by_person and old.key == judgement.key and old.id is not None:
                            put_aside |= stored_judgements.patch(connection, {old.id: {"deleted": 1}})
            ids = stored_judgements.insert_judgements(connection, made)
            revisions.record(connection, change, Kind.JUDGEMENT.value, put_aside,
                             {id: {"deleted": 1} for id in put_aside})
            revisions.record_added(connection, change, Kind.JUDGEMENT.value, ids)
        touched = {Kind.JUDGEMENT: frozenset([*ids, *put_aside])}
        return Changes(touched, label, undoable=True, created=tuple(ids))

    # — rows —

    def _patch_contestants(self, ids: Sequence[int], fields: dict[str, object], label: str) -> Changes:
        with self._project.database.write() as connection:
            before = stored_contestants.patch(connection, dict.fromkeys(ids, fields))
            if not before:
                return Changes()
            revisions.record_step(connection, self._project.person, label, Kind.CONTESTANT.value, before,
                                  dict.fromkeys(before, fields))
        return Changes.of(Kind.CONTESTANT, before, label, undoable=True)

    def _behind(self, connection: Connection, answer_id: int) -> tuple[Answer, Contestant, Question]:
        found = stored_answers.get(connection, [answer_id])
        if not found:
            raise WorkbenchError("This answer is not there any more.", remedy="Choose another one.")
        answer = found[0]
        (contestant,) = stored_contestants.contestants(connection, [answer.contestant_id])
        (question,) = stored_questions.questions(connection, [answer.question_id])
        return answer, contestant, question

    def _check_votable(self, answer_ids: Sequence[int]) -> None:
        found = self.answers_by_id(answer_ids)
        if len(found) < len(answer_ids) or len({(one.question_id, one.turn) for one in found}) > 1:
            raise WorkbenchError("These answers cannot be compared: they are gone, or not to the same question.",
                                 safe="No vote was stored.", remedy="Choose other answers.")

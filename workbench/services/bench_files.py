"""Answers and judgements from files, and into files that FastChat's, AlpacaEval's and URIAL's scripts read."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.domain import Answer, Changes, Contestant, DecodingSettings, Judgement, ModelRef, Question
from workbench.domain.bench import Verdict
from workbench.errors import FormatError, ProjectError, WorkbenchError, shown
from workbench.formats import alpaca_eval, answer_files, fastchat_answers, fastchat_judgements, mt_bench, urial_results
from workbench.formats.answer_rows import AnswerRow, PairRow, RatingRow, Winner, models_of
from workbench.formats.rows import Refused
from workbench.services.exports import written
from workbench.wording import counted

if TYPE_CHECKING:
    from workbench.services.project import Project

UNKNOWN_DECODING = DecodingSettings(max_tokens=0)      # a file that does not say how its answers were drawn
_VERDICTS: dict[str, Verdict] = {"model_1": "answer", "model_2": "other", "tie": "tie", "error": "error"}
_WINNERS: dict[str, Winner] = {"answer": "model_1", "other": "model_2", "tie": "tie", "both_bad": "tie",
                               "error": "error"}


@dataclass(frozen=True, slots=True)
class Imported:
    """``refused`` are (file, line, reason); line 0 is the file as a whole."""

    changes: Changes
    taken: int
    refused: tuple[tuple[str, int, str], ...]


class BenchFiles:
    """``project.bench_files``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def import_answers(self, question_set_id: int, paths: Sequence[Path]) -> Imported:
        """Answers of other programs to a question set; each model in the files becomes a contestant. Undoable.

        Files of one model belong together (URIAL writes a file a turn). Questions are found by their key, or by their
        text. Raises FormatError: a file holds no answer, or none to this set.
        """
        questions = self._project.questions.get(question_set_id).questions
        by_key = {question.key: question for question in questions}
        by_text = {_plain(question.turns[0]): question for question in questions}
        rows, refused = list[tuple[AnswerRow, Question]](), list[tuple[str, int, str]]()
        for path in paths:
            file = answer_files.read(path)
            refused += _refusals(path, file.refused)
            for row in file.answers:
                question = by_key.get(row.question) if row.question else by_text.get(_plain(row.instruction))
                if question is None or row.turn >= len(question.turns):
                    named = f"question {row.question}" if row.question else f"“{row.instruction[:60]}”"
                    refused.append((shown(path.name), 0, f"The set has no {named}, or not so many turns of it."))
                else:
                    rows.append((row, question))
        if not rows:
            raise FormatError(f"Nothing in {', '.join(path.name for path in paths)} answers this question set.",
                              safe="Nothing was imported.", remedy="Choose the question set that was answered.")
        return Imported(self._store_answers(rows), len(rows), tuple(refused))

    def _store_answers(self, rows: Sequence[tuple[AnswerRow, Question]]) -> Changes:
        names = models_of(row for row, _ in rows)
        drawn = {row.model: row.decoding for row, _ in rows if row.decoding is not None}
        contestants = [Contestant(name, ModelRef(name, ""), None, drawn.get(name, UNKNOWN_DECODING)) for name in names]
        answers = [Answer(names.index(row.model), question.id or 0, row.turn, row.repeat, row.text)
                   for row, question in rows]
        others = " and others" if len(names) > 3 else ""
        label = f"{counted(len(answers), 'answer')} of {', '.join(names[:3])}{others} imported"
        return self._project.bench.store_answers(contestants, answers, label)

    def import_judgements(self, question_set_id: int, path: Path) -> Imported:
        """A model_judgment file about contestants that have answered this set, found by their names. Undoable.

        Raises FormatError: no line of it is a judgement, or none is about an answer of this set.
        """
        rows, unread = fastchat_judgements.read(path)
        keys = {question.id: question.key for question in self._project.questions.get(question_set_id).questions}
        names = {one.id: one.name for one in self._project.bench.contestants(question_set_id)}
        answers = {(names[one.contestant_id], keys[one.question_id], one.turn): one.id or 0
                   for one in self._project.bench.answers(question_set_id) if one.repeat == 0}
        found, refused = list[Judgement](), _refusals(path, unread)
        for row in rows:
            models = (row.model,) if isinstance(row, RatingRow) else (row.model_1, row.model_2)
            ids = [answers.get((model, row.question, row.turn)) for model in models]
            if None in ids:
                refused.append((shown(path.name), 0, f"There is no answer of {models[ids.index(None)]} to question "
                                              f"{row.question}, turn {row.turn + 1}."))
            else:
                found.append(_judgement(row, [id for id in ids if id is not None]))
        if not found:
            raise FormatError(f"Nothing in {path.name} is about an answer of this set. {refused[-1][2]}",
                              safe="Nothing was imported.", remedy="Import the answers first, under the same names.")
        label = f"{counted(len(found), 'judgement')} by {found[0].judge} imported"
        return Imported(self._project.bench.store_judgements(found, label), len(found), tuple(refused))

    def export_fastchat(self, question_set_id: int, folder: Path,
                        contestant_ids: Collection[int] | None = None) -> list[Path]:
        """FastChat's folder: question.jsonl, model_answer, reference_answer, model_judgment; returns what was written.

        Judgements of repeats after the first have no place in its files and are left out; people's votes go to
        model_judgment/human_votes.json for compute_agreement.py. Raises WorkbenchError, ProjectError (disk full, …).
        """
        chosen, files = self._named(question_set_id, contestant_ids), dict[str, str]()
        questions, now = self._project.questions.get(question_set_id).questions, time.time()
        files["question.jsonl"] = "".join(mt_bench.write(questions))
        answers = self._rows(question_set_id, chosen)
        for name in chosen.values():
            lines = fastchat_answers.write([row for row, _ in answers if row.model == name], now)
            files[f"model_answer/{name}.jsonl"] = "".join(lines)
        judgements = self._judged(question_set_id, chosen)
        for judge in dict.fromkeys(row.judge for one, row in judgements if not one.by_person):
            (name,) = answer_files.file_names([judge])
            for kind, ending in ((RatingRow, "single"), (PairRow, "pair")):
                of_kind = [replace(row, judge=name) for one, row in judgements
                           if isinstance(row, kind) and row.judge == judge and not one.by_person]
                if of_kind:
                    files[f"model_judgment/{name}_{ending}.jsonl"] = "".join(fastchat_judgements.write(of_kind, now))
            files[f"reference_answer/{name}.jsonl"] = "".join(fastchat_answers.write_references(questions, name, now))
        people = [(one.judge, row) for one, row in judgements if one.by_person and isinstance(row, PairRow)]
        if people:
            files["model_judgment/human_votes.json"] = fastchat_judgements.votes(people)
        return _write_all(folder, files)

    def export_alpaca_eval(self, question_set_id: int, folder: Path,
                           contestant_ids: Collection[int] | None = None) -> list[Path]:
        """A model_outputs file for each contestant, of the first turns."""
        chosen = self._named(question_set_id, contestant_ids)
        rows = [(question.category, replace(row, instruction=question.turns[0]))
                for row, question in self._rows(question_set_id, chosen)]
        return _write_all(folder, {
            f"{name}.json": alpaca_eval.write([pair for pair in rows if pair[1].model == name])
            for name in chosen.values()})

    def export_urial(self, question_set_id: int, folder: Path,
                     contestant_ids: Collection[int] | None = None) -> list[Path]:
        """<contestant>.turn1.json, .turn2.json, … as the URIAL repository's unified_infer.py writes them."""
        chosen = self._named(question_set_id, contestant_ids)
        by_id = {one.id: one for one in self._project.bench.contestants(question_set_id)}
        rows = []
        for (row, question), answer in zip(self._rows(question_set_id, chosen),
                                           self._project.bench.answers(question_set_id, chosen), strict=True):
            contestant = by_id[answer.contestant_id]
            asked = "" if contestant.from_file else self._project.bench.prompt_of(answer.id or 0).text
            drawn = None if contestant.decoding == UNKNOWN_DECODING else contestant.decoding
            rows.append((replace(row, decoding=drawn), question.category, asked))
        turns = range(1 + max(row.turn for row, _, _ in rows))
        return _write_all(folder, {
            f"{name}.turn{turn + 1}.json": urial_results.write([one for one in rows if one[0].model == name], turn)
            for name in chosen.values() for turn in turns})

    # — what there is to write —

    def _named(self, question_set_id: int, contestant_ids: Collection[int] | None) -> dict[int, str]:
        """Contestant → the name that it has in files. Raises WorkbenchError where nobody has answered."""
        found = [one for one in self._project.bench.contestants(question_set_id)
                 if contestant_ids is None or one.id in contestant_ids]
        if not found:
            raise WorkbenchError("Nobody has answered this question set.", safe="Nothing was written.",
                                 remedy="Choose a set that has answers.")
        names = answer_files.file_names(one.name for one in found)
        return {one.id: name for one, name in zip(found, names, strict=True) if one.id is not None}

    def _rows(self, question_set_id: int, chosen: Mapping[int, str]) -> list[tuple[AnswerRow, Question]]:
        by_id = {question.id: question for question in self._project.questions.get(question_set_id).questions}
        return [(AnswerRow(chosen[one.contestant_id], by_id[one.question_id].key, one.turn, one.repeat, one.text),
                 by_id[one.question_id]) for one in self._project.bench.answers(question_set_id, chosen)]

    def _judged(self, question_set_id: int, chosen: Mapping[int, str]) -> list[tuple[Judgement, RatingRow | PairRow]]:
        keys = {question.id: question.key for question in self._project.questions.get(question_set_id).questions}
        answers = {one.id: one for one in self._project.bench.answers(question_set_id, chosen) if one.repeat == 0}
        found: list[tuple[Judgement, RatingRow | PairRow]] = []
        for one in self._project.bench.judgements(question_set_id, chosen):
            answer, other = answers.get(one.answer_id), answers.get(one.other_answer_id)
            if answer is None or one.verdict == "skip":
                continue
            key, name = keys[answer.question_id], chosen[answer.contestant_id]
            if one.kind == "rating" and one.score is not None:
                found.append((one, RatingRow(key, name, one.judge, one.prompt_name, answer.turn, one.score,
                                             str(one.details.get("asked", "")), one.words)))
            elif one.kind == "pair" and other is not None:
                found.append((one, _pair_row(one, key, name, chosen[other.contestant_id], answer.turn)))
        return found


def _pair_row(one: Judgement, key: str, name: str, other: str, turn: int) -> PairRow:
    """A person sees one order; it stands for both."""
    first, second = (_WINNERS[order or one.verdict] for order in (one.first, one.second))
    asked = (str(one.details.get("asked", "")), str(one.details.get("asked_swapped", "")))
    return PairRow(key, name, other, one.judge, one.prompt_name, turn, first, second, asked,
                   (one.words, one.words_swapped))


def _judgement(row: RatingRow | PairRow, ids: Sequence[int]) -> Judgement:
    if isinstance(row, RatingRow):
        return Judgement(row.judge, "rating", ids[0], score=row.score, words=row.words, prompt_name=row.prompt_name,
                         details={"asked": row.asked} if row.asked else {})
    first, second = _VERDICTS[row.first], _VERDICTS[row.second]
    verdict: Verdict = "error" if "error" in (first, second) else first if first == second else "tie"
    asked = dict(zip(("asked", "asked_swapped"), row.asked, strict=True)) if any(row.asked) else {}
    return Judgement(row.judge, "pair", ids[0], ids[1], verdict=verdict, first=first, second=second,
                     words=row.words[0], words_swapped=row.words[1], prompt_name=row.prompt_name, details=asked)


def _refusals(path: Path, refused: Iterable[Refused]) -> list[tuple[str, int, str]]:
    return [(shown(path.name), one.line, one.reason) for one in refused]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _write_all(folder: Path, files: Mapping[str, str]) -> list[Path]:
    made = []
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ProjectError(f"{path.parent} cannot be made: {error.strerror or error}.",
                               remedy="Choose another place.") from error
        with written(path) as stream:
            stream.write(text.encode("utf-8"))
        made.append(path)
    return made

from __future__ import annotations

from workbench.domain import Answer, Contestant, Judgement, ModelRef, Question, QuestionSet
from workbench.services.project import Project
from workbench_db import judgements
from workbench_db.check import check


def test_many_judgements_are_stored_as_one_after_the_other(project: Project) -> None:
    """Of the same thing by the same judge the last counts, people's all count, and every row's hash is right."""
    def store() -> tuple[list[Judgement], list[int]]:
        project.questions.add(QuestionSet("asked", (Question(("Why?",), key="1"),)))
        project.bench.store_answers([Contestant("a", ModelRef("a", "")), Contestant("b", ModelRef("b", ""))],
                                    [Answer(0, 1, 0, 0, "So."), Answer(1, 1, 0, 0, "Thus.")], "stored")
        first = Judgement("j", "rating", 1, score=3, words="old words")
        with project.database.write() as connection:
            judgements.insert_judgement(connection, first)
            judgements.insert_judgements(connection, [
                Judgement("j", "rating", 1, score=7, words="newer words", details={"tokens": [["x", 1.0, 0]]}),
                Judgement("j", "rating", 1, score=8, words="newest words"),
                Judgement("j", "pair", 1, 2, verdict="tie"), Judgement("k", "rating", 1, score=4),
                *[Judgement("Bo", "pair", 1, 2, verdict="tie", by_person=True)] * 2])
        with project.database.read() as connection:
            found = judgements.of_answers(connection, [1])
        hits = [len(project.bench.search(text, 1)) for text in ("old", "newer", "newest")]
        return found, hits

    found, hits = project.lane.run(store)
    assert [(one.judge, one.kind, one.score) for one in found] == [
        ("j", "rating", 8), ("j", "pair", None), ("k", "rating", 4), ("Bo", "pair", None), ("Bo", "pair", None)]
    assert hits == [0, 0, 1]
    folder = project.folder
    project.close()
    assert check(folder) == []

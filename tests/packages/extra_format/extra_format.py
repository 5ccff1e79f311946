"""A format as a researcher's own package brings it."""

from collections.abc import Iterable, Iterator

from workbench.domain import Demonstration
from workbench.formats.format import Format, as_text
from workbench.formats.rows import Refused, Row, Rows
from workbench.formats.source import Source, numbered_lines


def recognises(source: Source) -> bool:
    return source.suffix == ".cards" and "\t" in source.sample_text


def rows(source: Source) -> Rows:
    """A card a line: the question, a tab, the answer."""
    with source.text() as stream:
        for item in numbered_lines(stream):
            if isinstance(item, Refused):               # an endless line, which was read past
                yield item
                continue
            number, line = item
            question, tab, answer = line.strip().partition("\t")
            if tab:
                yield Row(number, {"instruction": question, "answer": answer})
            elif question:
                yield Refused(number, "The card has no tab between its question and its answer.")


def write(demonstrations: Iterable[Demonstration]) -> Iterator[str]:
    for one in demonstrations:
        yield " ".join(one.instruction.split()) + "\t" + " ".join(one.answer.split()) + "\n"


CARDS = Format("cards", "Flash cards", "A question, a tab and its answer a line.", (".cards",), recognises=recognises,
               rows=rows, write=as_text(write), hint="The first question and its answer, each on one line.")

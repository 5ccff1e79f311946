"""Demonstrations of every kind, for Hypothesis."""

from hypothesis import strategies as st

from workbench.domain import Demonstration, Prompt, Role, Status, Turn

# Everything that a demonstration may hold: any character but NUL and halves of surrogate pairs.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
awkward = st.one_of(texts, st.sampled_from([
    "=1+1", "'=1", "''=1", "'", "+", "-x", "@SUM(A1)", "\tx", "\rx", "a\r\nb", 'say "so"', "a,b;c\td|e",
    "```\ncode\n```", "# Query:", "\u2028x", "\ufeffx", "x\ny\n",
    " spaces ", "```python\nprint('# Query:')\n```\n\n# Query:\n```\nhi"]))
filled = awkward.filter(lambda text: bool(text.strip()))
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
tags = st.lists(names.filter(bool), max_size=3, unique=True).map(tuple)
turns = st.lists(st.builds(Turn, st.sampled_from(Role), awkward), min_size=1, max_size=4).filter(
    lambda turns: any(turn.text.strip() for turn in turns)).map(tuple)
pairs = st.builds(lambda asked, answer: (Turn(Role.USER, asked), Turn(Role.ASSISTANT, answer)), filled, filled)
demonstrations = st.builds(
    Demonstration, turns=st.one_of(pairs, turns), category=awkward, source=awkward, licence=names, language=names,
    tags=tags, status=st.sampled_from(Status), rating=st.integers(0, 5), note=awkward)

file_texts = awkward.filter(lambda text: "\r" not in text)
query_groups = st.builds(
    lambda system, asked, answers: Demonstration((
        *(Turn(Role.SYSTEM, text) for text in system), Turn(Role.USER, asked),
        *(Turn(Role.ASSISTANT, text) for text in answers))),
    st.lists(file_texts, max_size=1), file_texts, st.lists(file_texts, max_size=2))
prompts = st.builds(Prompt, rules=file_texts.filter(lambda text: "```" not in text),
                    demonstrations=st.lists(query_groups, min_size=1, max_size=4).map(tuple))

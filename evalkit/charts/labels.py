"""The labels of charts: the reader's word for a value, and lines no wider than a chart."""

import textwrap

from evalkit.words import Words, capitalise, divided

TITLE_LETTERS = 46


def value_label(words: Words, value: str) -> str:
    """The reader's word for a value of a table, its first letter a capital; a value that has no
    word as it stands in the table.
    """
    return words.label(value) if words.has(value) else capitalise(value.replace("_", " "))


def wrapped(label: str, width: int) -> str:
    """A label on lines of about `width` letters; a longer compound is divided before its last
    part.
    """
    with_gaps = " ".join(
        divided(word, "- ") if len(word) > width else word for word in label.split()
    )
    return "\n".join(
        textwrap.wrap(with_gaps, width, break_long_words=False, break_on_hyphens=False)
    )


def title_lines(*texts: str) -> list[str]:
    """The lines of a title: each text on its own lines, no wider than a chart; empty texts are left
    out.
    """
    return [line for text in texts if text for line in wrapped(text, TITLE_LETTERS).split("\n")]

"""Words that every room uses: how sure a value is, a text in the languages of a report, and what a
probability is called.

A grade says how sure a value is: H read at the responsible authority or in an official table, M
second-hand or derived, L general knowledge or illustrative. It travels with the value into the
report. What was counted in a simulated extract has a grade of its own, S.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeVar, get_args

Grade = Literal["H", "M", "L"]
SIMULATED = "S"
# The surest first; a number is as sure as the least sure of what it is made from.
GRADES = (*get_args(Grade), SIMULATED)
AnyGrade = TypeVar("AnyGrade", bound=str)

# A language by its code; those that exist have a file in evalkit/words/, which refuses others.
Language = Annotated[str, "the code of a language"]
Text = dict[Language, str]
# The languages of a report whose run file names none, the language of everything that is written
# once for all readers (tables, read-me files, what is printed), and that of those who deliver data.
REPORT_LANGUAGES: tuple[Language, ...] = ("sv", "en")
TABLE_LANGUAGE: Language = "en"
SENDER_LANGUAGE: Language = "sv"

# What a probability that something pays is called: "yes" from SURE on, "probably" from LIKELY on,
# mirrored below one half, "unclear" between.
Band = Literal["yes", "probably", "unclear", "probably_not", "no"]
BANDS: tuple[Band, ...] = get_args(Band)
SURE, LIKELY = 0.95, 0.8

# What the discrimination of an index (of two people, how often the one with the event has the
# higher index) says of it. Below USEFUL it puts people in order little better than chance would,
# and nobody should be chosen by it: a convention (Hosmer & Lemeshow 2000, Applied Logistic
# Regression, ch. 5, call 0.7 acceptable; a list of five yes-no questions is asked for less).
IndexVerdict = Literal["predicts", "predicts_not", "cannot_be_said"]
CHANCE, USEFUL = 0.5, 0.6

# Between the names of two covariates whose product is a term.
TIMES = " × "


def least_sure(grades: Iterable[AnyGrade]) -> AnyGrade:
    """The grade of a result: the least sure grade among its sources, of which there is at least
    one.
    """
    return max(grades, key=GRADES.index)


def band_of(probability: float) -> Band:
    """What a probability is called."""
    if max(probability, 1 - probability) < LIKELY:
        return "unclear"
    if probability > 1 / 2:
        return "yes" if probability >= SURE else "probably"
    return "no" if 1 - probability >= SURE else "probably_not"


def index_verdict(ci_lower: float, ci_upper: float) -> IndexVerdict:
    """What a range of discrimination says: that the index predicts (surely better than chance, and
    perhaps useful), that it does not (surely below useful), or neither.
    """
    if ci_upper < USEFUL:
        return "predicts_not"
    return "predicts" if ci_lower > CHANCE else "cannot_be_said"


def is_unwritten(text: Mapping[Language, str]) -> bool:
    """Whether a text is in no language at all, or empty in one of its languages. Which languages
    it must have follows from the run that uses it.
    """
    return not text or not all(words.strip() for words in text.values())


def in_language(text: Mapping[Language, str] | str, language: Language) -> str:
    """A text in a language; if it lacks that, in that of tables, or in the first it has. A plain
    text is the same in all.
    """
    if isinstance(text, str):
        return text
    for choice in (language, TABLE_LANGUAGE, *text):
        if text.get(choice):
            return text[choice]
    return ""

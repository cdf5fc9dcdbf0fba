"""What published tables say, in sentences: the same words in a notebook as on the page."""

from markupsafe import Markup

from evalkit.disclosure import Published
from evalkit.params import Run
from evalkit.report.evidence.groups import groups_in_words, rates_in_words
from evalkit.report.evidence.people import exits_conclusion
from evalkit.report.shell import brief_of
from evalkit.words import Words


def in_words(run: Run, district: str, words: Words, *tables: Published) -> Markup:
    """The sentences that a district's page draws from these tables: of exit_curves, exit_rates and
    group_months.

    Parameters
    ----------
    run : Run
        The run.
    district : str
        Whose tables they are.
    words : Words
        The reader's language.
    *tables : Published
        Any of the three.

    Returns
    -------
    Markup
        HTML; empty for other tables.
    """
    brief = brief_of(run, district, {table.name: table for table in tables}, {}, words)
    sentences = []
    if brief.tables.family("exit_curves"):
        sentences.append(exits_conclusion(brief))
    if brief.tables.family("exit_rates"):
        sentences.append(rates_in_words(brief))
    if brief.tables.family("group_months"):
        sentences.extend(groups_in_words(brief))
    return Markup(" ").join(sentences)

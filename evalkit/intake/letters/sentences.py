"""A broken rule as a sentence to the sender: what should stand there, in words that the contract
has for it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.intake.contracts.contract import Contract, ContractColumn
from evalkit.intake.contracts.in_words import form_in_words, listing_in_words, rule_in_words
from evalkit.vocabulary import SENDER_LANGUAGE

if TYPE_CHECKING:
    from evalkit.words import Words

# Allowed values that a sentence lists; of more, the cell itself has the list.
_MAX_LISTED = 12
# Rules with more to say than what they ask for.
_RULES = {"no_overlap": "overlap"}


def column_names(
    contract: Contract, sources: Mapping[str, str | None], words: "Words"
) -> dict[str, str]:
    """Our columns as a sentence names them: as they were delivered, with the sender's word where
    that is another.
    """
    names = {}
    for column in contract.columns:
        delivered = sources.get(column.name) or column.name
        term = column.terms.get(words.language, delivered)
        names[column.name] = delivered if term == delivered else f"{delivered} ({term})"
    return names


def explain(rule: str, contract: Contract, names: Mapping[str, str], words: "Words") -> str:
    """What is wrong where a rule is broken, as one or two sentences.

    Parameters
    ----------
    rule : str
        The rule, as the rows set aside name it.
    contract : Contract
        The contract of the table.
    names : mapping
        What sentences call our columns.
    words : Words
        The words of the sender's language.
    """
    for column in contract.columns:
        if rule.startswith(f"{column.name}_"):
            what = rule.removeprefix(f"{column.name}_")
            sentence = _of_column(what, column, names[column.name], words)
            if sentence:
                return sentence
    for custom in contract.rules:
        if custom.name == rule:
            asked = rule_in_words(custom, contract, names, words)
            key = "doubt" if custom.is_flag else _RULES.get(custom.rule, "rule")
            return words.text(f"letter.{key}", rule=asked)
    for link in contract.references:
        if link.name == rule:
            columns = listing_in_words(link.columns, names, words)
            return words.text("letter.not_found", columns=columns, table=link.to_table)
    return words.text(f"letter.{rule}", columns=listing_in_words(contract.keys, names, words))


def allowed_words(column: ContractColumn, words: "Words") -> list[str]:
    """The values that may stand in a column, as the sender writes them."""
    if words.language == SENDER_LANGUAGE:
        return [str(label) for label in column.labels.values()]
    return [str(value) for value in column.allowed]


def _of_column(what: str, column: ContractColumn, name: str, words: "Words") -> str | None:
    if what == f"is_{column.kind}":
        kind = words.text(f"contract.kind_{column.kind}")
        return words.text("letter.is_kind", column=name, kind=kind)
    if what == "given":
        return words.text("letter.given", column=name)
    if what == "in_list":
        return words.text("letter.in_list", column=name, values=_listed(column, words))
    if what in ("has_form", "in_range"):
        return words.text("letter.has_form", column=name, form=form_in_words(column, words))
    return None


def _listed(column: ContractColumn, words: "Words") -> str:
    values: Sequence[str] = allowed_words(column, words)
    # Some of them hold a comma.
    shown = "; ".join(values[:_MAX_LISTED])
    return shown if len(values) <= _MAX_LISTED else f"{shown} ..."

"""What a contract asks for, as sentences in the reader's language.

Descriptions, terms and the sentences of rules are data of the contract, in the languages that it
has; all else is in evalkit/words/.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.intake.contracts.contract import (
    VALUE_ARGUMENTS,
    Contract,
    ContractColumn,
    CustomRule,
)
from evalkit.vocabulary import SENDER_LANGUAGE, TABLE_LANGUAGE

if TYPE_CHECKING:
    from evalkit.words import Words

# What the patterns of the contracts are called in evalkit/words/.
FORMS = {
    "^[A-Z]{3}$": "contract.form_currency",
    "^[a-z][a-z0-9_]*$": "contract.form_code",
    "^[a-z][a-z0-9_]*( [a-z][a-z0-9_]*)*$": "contract.form_codes",
    "^[0-9A-Za-z]{1,2}$": "contract.form_record_code",
    "^([0-9]{1,3}-[0-9]{1,3}|[0-9]{1,3}[+]|all)$": "contract.form_ages",
}


def form_in_words(column: ContractColumn, words: "Words") -> str:
    """What a value must look like beyond its type."""
    parts = [words.text(f"contract.{bound}", limit=limit) for bound, limit in column.limits.items()]
    if column.pattern:
        parts.append(
            words.text(FORMS.get(column.pattern, "contract.form_other"), pattern=column.pattern)
        )
    return ", ".join(parts) or words.text("contract.any")


def rule_in_words(
    rule: CustomRule, contract: Contract, names: Mapping[str, str], words: "Words"
) -> str:
    """A rule of a contract, in its own sentence if that is in the reader's language; not what
    becomes of a row that breaks it.
    """
    if words.language == TABLE_LANGUAGE and rule.sentence:
        return rule.sentence
    labels = {
        value: label if words.language == SENDER_LANGUAGE else str(value)
        for column in contract.columns
        if column.name == rule.arguments.get("where")
        for value, label in column.labels.items()
    }
    arguments = {}
    for name, value in rule.arguments.items():
        if name == "is_one_of":
            arguments[name] = "; ".join(labels.get(one, one) for one in value)
        elif name == "to":
            arguments[name] = rule.others[0]
        elif name in VALUE_ARGUMENTS:
            arguments[name] = value
        else:
            listed = [value] if isinstance(value, str) else value
            arguments[name] = listing_in_words(listed, names, words)
    return words.text(f"contract.rule_{rule.rule}", **arguments)


def name_in_words(part: ContractColumn | Contract, name: str, words: "Words") -> str:
    """A column or table by its term in the reader's language with its name, or by its name."""
    term = part.terms.get(words.language)
    return f"{term} ({name})" if term and term != name else name


def listing_in_words(columns: Sequence[str], names: Mapping[str, str], words: "Words") -> str:
    """Columns as a list in a sentence."""
    return words.listing([names[column] for column in columns])

"""The contracts as pages that anyone can open: offline, one file per language, for the person who
takes out the data.

What a contract says itself (descriptions, terms, sentences of rules) is data of the contract, in
the languages that it has; all else is in evalkit/words/.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.intake.contracts.contract import Contract, ContractColumn, CustomRule
from evalkit.vocabulary import SENDER_LANGUAGE, TABLE_LANGUAGE, in_language

if TYPE_CHECKING:
    from evalkit.words import Words

N_STEPS = 6
# What the patterns of the contracts are called in evalkit/words/.
FORMS = {
    "^[A-Z]{3}$": "contract.form_currency",
    "^[a-z][a-z0-9_]*$": "contract.form_code",
    "^[a-z][a-z0-9_]*( [a-z][a-z0-9_]*)*$": "contract.form_codes",
    "^([0-9]{1,3}-[0-9]{1,3}|[0-9]{1,3}[+]|all)$": "contract.form_ages",
}


def write_documentation(contracts: Mapping[str, Contract], out: Path | str) -> list[Path]:
    """Write the page of each language, contracts.LANGUAGE.html; returns their paths."""
    from evalkit.words import languages, words

    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for language in languages():
        path = out / f"contracts.{language}.html"
        path.write_text(_page(contracts, words(language)), encoding="utf-8")
        paths.append(path)
    return paths


def _page(contracts: Mapping[str, Contract], words: "Words") -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from evalkit.words import capitalise

    environment = Environment(
        loader=PackageLoader("evalkit.intake", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    language = words.language
    groups = {"contract.must_deliver": True, "contract.may_deliver": False}
    return environment.get_template("contracts.html").render(
        words=words,
        steps=[words.text(f"contract.step_{step}") for step in range(1, N_STEPS + 1)],
        groups=[
            (heading, [one for one in contracts.values() if one.is_required == is_required])
            for heading, is_required in groups.items()
        ],
        capitalise=capitalise,
        described=lambda part: in_language(part.description, language),
        form=lambda column: _form(column, words),
        label=lambda column, value: column.labels[value] if language == SENDER_LANGUAGE else "",
        sentences=lambda contract: _sentences(contract, contracts, words),
    )


def _form(column: ContractColumn, words: "Words") -> str:
    """What a value must look like beyond its type, in words."""
    parts = [words.text(f"contract.{bound}", limit=limit) for bound, limit in column.limits.items()]
    if column.pattern:
        parts.append(
            words.text(FORMS.get(column.pattern, "contract.form_other"), pattern=column.pattern)
        )
    return ", ".join(parts) or words.text("contract.any")


def _sentences(contract: Contract, contracts: Mapping[str, Contract], words: "Words") -> list[str]:
    """The rules of a table as sentences: its key, its own rules and its references."""
    names = {column.name: _name(column, column.name, words) for column in contract.columns}
    sentences = [words.text("contract.key", columns=_listing(contract.keys, names, words))]
    sentences += [_sentence(rule, names, words) for rule in contract.rules]
    for link in contract.references:
        table = _name(contracts[link.to_table], link.to_table, words)
        columns = _listing(link.columns, names, words)
        sentences.append(words.text("contract.found_in", columns=columns, table=table))
    return sentences


def _sentence(rule: CustomRule, names: Mapping[str, str], words: "Words") -> str:
    """A rule in the contract's own sentence if that is in the reader's language."""
    if words.language == TABLE_LANGUAGE and rule.sentence:
        return rule.sentence
    arguments = {
        name: _listing([value] if isinstance(value, str) else value, names, words)
        for name, value in rule.arguments.items()
    }
    return words.text(f"contract.rule_{rule.rule}", **arguments)


def _name(part: ContractColumn | Contract, name: str, words: "Words") -> str:
    """A column or table by its term in the reader's language with its name, or by its name."""
    term = part.terms.get(words.language)
    return f"{term} ({name})" if term else name


def _listing(columns: Sequence[str], names: Mapping[str, str], words: "Words") -> str:
    return words.listing([names[column] for column in columns])

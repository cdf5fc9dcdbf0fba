"""The contracts as pages that anyone can open: offline, one file per language, for the person who
takes out the data.

What a contract says itself (descriptions, terms, sentences of rules) is data of the contract, in
the languages that it has; all else is in evalkit/words/.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.intake.contracts.contract import Contract
from evalkit.intake.contracts.in_words import (
    form_in_words,
    listing_in_words,
    name_in_words,
    rule_in_words,
)
from evalkit.vocabulary import SENDER_LANGUAGE, in_language

if TYPE_CHECKING:
    from evalkit.words import Words

N_STEPS = 6


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
        form=lambda column: form_in_words(column, words),
        label=lambda column, value: column.labels[value] if language == SENDER_LANGUAGE else "",
        sentences=lambda contract: _sentences(contract, contracts, words),
    )


def _sentences(contract: Contract, contracts: Mapping[str, Contract], words: "Words") -> list[str]:
    """The rules of a table as sentences: its key, its own rules and its references."""
    names = {column.name: name_in_words(column, column.name, words) for column in contract.columns}
    sentences = [words.text("contract.key", columns=listing_in_words(contract.keys, names, words))]
    for rule in contract.rules:
        asked = rule_in_words(rule, contract, names, words)
        sentences.append(words.text("contract.flag", rule=asked) if rule.is_flag else asked)
    for link in contract.references:
        table = name_in_words(contracts[link.to_table], link.to_table, words)
        columns = listing_in_words(link.columns, names, words)
        sentences.append(words.text("contract.found_in", columns=columns, table=table))
    return sentences

"""The contracts as a page that anyone can open: offline, one file, in Swedish or English."""

from pathlib import Path

from evalkit.intake.contract import Contract, CustomRule
from evalkit.params import Language

_WORDS = {
    "title": {"sv": "Vad som ska levereras", "en": "What to deliver"},
    "lead": {
        "sv": "En fil per tabell. Bara pseudonymer: ett personnummer i någon fil stoppar hela intaget. Rader som bryter mot en regel läggs åt sidan "
        "med fil, rad och regel.",
        "en": "One file a table. Pseudonyms only: a personal identity number in any file stops the intake. Rows that break a rule are set aside "
        "with file, line and rule.",
    },
    "column": {"sv": "kolumn", "en": "column"},
    "meaning": {"sv": "vad den betyder", "en": "what it means"},
    "kind": {"sv": "typ", "en": "type"},
    "must": {"sv": "måste", "en": "must be"},
    "values": {"sv": "tillåtna värden", "en": "values allowed"},
    "rules": {"sv": "Regler", "en": "Rules"},
    "required": {"sv": "krävs", "en": "required"},
    "optional": {"sv": "kan utelämnas", "en": "may be left out"},
    "filled": {"sv": "fyllas i", "en": "filled"},
    "key": {"sv": "nyckel", "en": "key"},
    "found_in": {"sv": "ska finnas i", "en": "must be found in"},
    "tables": {"sv": "Tabeller", "en": "Tables"},
}
_KINDS = {
    "string": {"sv": "text", "en": "text"},
    "integer": {"sv": "heltal", "en": "whole number"},
    "number": {"sv": "tal", "en": "number"},
    "date": {"sv": "datum, ÅÅÅÅ-MM-DD", "en": "date, YYYY-MM-DD"},
    "boolean": {"sv": "ja eller nej", "en": "yes or no"},
}
_RULES_SV = {
    "no_personnummer": "Inget personnummer eller samordningsnummer i någon kolumn.",
    "known_district": "{column} är en av körningens stadsdelar.",
    "first_day_of_month": "{column} är den första dagen i en månad.",
    "within_extract": "{column} ligger mellan uttagets första månad och den sista kända månaden i tabellen.",
    "not_after_extract": "{column} ligger inte efter den sista kända månaden i tabellen.",
    "end_after_start": "{end} ligger efter {start}.",
    "given_together": "{first} och {second} fylls i båda eller ingen.",
    "needs": "Där {column} är ifylld är {needs} det också.",
    "not_above": "{smaller} är inte större än {larger}.",
    "no_overlap": "Ingen period börjar innan en tidigare har slutat, för samma {by}.",
}


def write_documentation(contracts: dict[str, Contract], out: Path | str) -> list[Path]:
    """Write contracts.sv.html and contracts.en.html; returns their paths."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("evalkit.intake", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("contracts.html")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for language in ("sv", "en"):
        words = {key: text[language] for key, text in _WORDS.items()}
        kinds = {kind: text[language] for kind, text in _KINDS.items()}
        sentences = {contract.table: [_sentence(rule, language) for rule in contract.rules] for contract in contracts.values()}
        path = out / f"contracts.{language}.html"
        text = page.render(language=language, words=words, kinds=kinds, contracts=list(contracts.values()), sentences=sentences)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def _sentence(rule: CustomRule, language: Language) -> str:
    if language == "en":
        return rule.sentence
    arguments = {name: value if isinstance(value, str) else ", ".join(value) for name, value in rule.arguments.items()}
    return _RULES_SV[rule.rule].format(**arguments)

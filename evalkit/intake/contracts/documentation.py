"""The contracts as a page that anyone can open: offline, one file, in Swedish or English, for the
person who takes out the data.
"""

from collections.abc import Mapping
from pathlib import Path

from evalkit.intake.contracts.contract import Column, Contract, CustomRule
from evalkit.vocabulary import Language

_WORDS = {
    "title": {"sv": "Vad som ska levereras", "en": "What to deliver"},
    "lead": {
        "sv": "Den här sidan är till för dig som tar ut uppgifter åt utvärderingen. Den visar "
        "vilka tabeller som behövs, vad varje kolumn "
        "betyder och vilka regler raderna måste följa.",
        "en": "This page is for you who take out data for the evaluation. It shows which tables "
        "are needed, what each column means and which "
        "rules the rows must follow.",
    },
    "how": {"sv": "Så här gör du", "en": "How to do it"},
    "must_deliver": {"sv": "Tabeller som måste levereras", "en": "Tables that must be delivered"},
    "may_deliver": {"sv": "Tabeller som kan levereras", "en": "Tables that may be delivered"},
    "may_lead": {
        "sv": "Utan dem blir rapporten kortare: det som bygger på en tabell som saknas utelämnas, "
        "och det sägs.",
        "en": "Without them the report is shorter: what rests on a missing table is left out, and "
        "this is said.",
    },
    "file": {"sv": "Fil", "en": "File"},
    "caption": {"sv": "Kolumner i tabellen", "en": "Columns of the table"},
    "column": {"sv": "Kolumn", "en": "Column"},
    "meaning": {"sv": "Vad den betyder", "en": "What it means"},
    "kind": {"sv": "Skrivs som", "en": "Written as"},
    "must": {"sv": "Måste fyllas i", "en": "Must be filled"},
    "allowed": {"sv": "Tillåtna värden", "en": "Values allowed"},
    "rules": {"sv": "Regler", "en": "Rules"},
    "yes": {"sv": "ja", "en": "yes"},
    "no": {"sv": "nej", "en": "no"},
    "absent": {
        "sv": "nej, hela kolumnen kan utelämnas",
        "en": "no, the whole column may be left out",
    },
    "any": {"sv": "fritt", "en": "any"},
    "tables": {"sv": "Tabeller", "en": "Tables"},
}
_STEPS = (
    {
        "sv": "Ersätt alla personnummer och samordningsnummer med pseudonymer innan något lämnas "
        "ut. Ett enda sådant nummer, var som helst i "
        "en fil, stoppar hela intaget.",
        "en": "Replace every personal identity number by a pseudonym before anything leaves you. A "
        "single one, anywhere in a file, stops the "
        "whole intake.",
    },
    {
        "sv": "Gör en fil per tabell och ge den tabellens namn, till exempel person.csv. Även "
        "Excel (.xlsx), Parquet, SPSS, Stata och SAS går "
        "bra. En tabell får delas upp på flera filer: person_2024.csv, person_2025.csv.",
        "en": "Make one file a table and give it the table's name, for example person.csv. Excel "
        "(.xlsx), Parquet, SPSS, Stata and SAS will do "
        "as well. A table may be split over several files: person_2024.csv, person_2025.csv.",
    },
    {
        "sv": "Skriv kolumnernas namn på första raden: det korta namnet eller det svenska ordet, "
        "vilket du vill. Tillåtna värden får också "
        "skrivas antingen som kort kod eller med det svenska ordet.",
        "en": "Write the columns' names on the first line: the short name or the Swedish word, as "
        "you like. Allowed values, too, may be written "
        "as the short code or as the Swedish word.",
    },
    {
        "sv": "Skriv datum som 2026-09-30. En månad skrivs som sin första dag: september 2026 är "
        "2026-09-01. Decimalkomma och mellanrum i "
        "stora tal går bra när filen har semikolon mellan kolumnerna.",
        "en": "Write dates as 2026-09-30. A month is written as its first day: September 2026 is "
        "2026-09-01. Decimal commas and spaces in "
        "large numbers are fine where semicolons separate the columns.",
    },
    {
        "sv": "Lämna cellen tom när uppgiften saknas. Skriv inte 0 eller 9999 i stället, och "
        "”okänd” bara där det står bland de "
        "tillåtna värdena.",
        "en": "Leave the cell empty where something is not known. Do not write 0 or 9999 instead, "
        "and “unknown” only where it is among "
        "the values allowed.",
    },
    {
        "sv": "Rader som bryter mot en regel läggs åt sidan, och du får veta fil, rad och regel. "
        "Ingenting försvinner utan att det syns.",
        "en": "Rows that break a rule are set aside, and you are told the file, the line and the "
        "rule. Nothing disappears unseen.",
    },
)
_KINDS = {
    "string": {"sv": "text", "en": "text"},
    "integer": {"sv": "heltal", "en": "whole number"},
    "number": {"sv": "tal", "en": "number"},
    "date": {"sv": "datum, 2026-09-30", "en": "date, 2026-09-30"},
    "boolean": {"sv": "ja eller nej", "en": "yes or no"},
}
_BOUNDS = {
    "minimum": {"sv": "minst {limit:g}", "en": "at least {limit:g}"},
    "maximum": {"sv": "högst {limit:g}", "en": "at most {limit:g}"},
    "exclusiveMinimum": {"sv": "mer än {limit:g}", "en": "more than {limit:g}"},
    "exclusiveMaximum": {"sv": "mindre än {limit:g}", "en": "less than {limit:g}"},
}
_FORMS = {
    "^[A-Z]{3}$": {
        "sv": "tre stora bokstäver, till exempel SEK",
        "en": "three capital letters, for example SEK",
    },
    "^[a-z][a-z0-9_]*$": {
        "sv": "kort kod av små bokstäver a–z, siffror och understreck, till exempel work_training",
        "en": "short code of small letters a–z, digits and underscores, for example work_training",
    },
    "^[a-z][a-z0-9_]*( [a-z][a-z0-9_]*)*$": {
        "sv": "en eller flera korta koder (små bokstäver a–z, siffror och understreck) med "
        "mellanslag emellan",
        "en": "one or more short codes (small letters a–z, digits and underscores) with spaces "
        "between them",
    },
    "^([0-9]{1,3}-[0-9]{1,3}|[0-9]{1,3}[+]|all)$": {
        "sv": "åldrar som 16-24 eller 65+, eller all för alla åldrar",
        "en": "ages like 16-24 or 65+, or all for all ages",
    },
}
_OTHER_FORM = {"sv": "följer mönstret ", "en": "follows the pattern "}
_RULES_SV = {
    "no_personnummer": "Inget personnummer eller samordningsnummer får stå i någon kolumn.",
    "known_district": "{column} ska vara en av de stadsdelar som utvärderingen gäller.",
    "first_day_of_month": "{column} ska vara den första dagen i en månad.",
    "within_extract": "{column} ska ligga från och med den första månaden i uttaget till och med "
    "tabellens sista kända månad.",
    "not_after_extract": "{column} får inte ligga efter tabellens sista kända månad.",
    "end_after_start": "{end} ska ligga efter {start}.",
    "given_together": "{first} och {second} fylls i båda eller ingen av dem.",
    "needs": "Där {column} är ifylld ska {needs} också vara det.",
    "not_above": "{smaller} får inte vara större än {larger}.",
    "no_overlap": "Två perioder för samma {by} får inte överlappa varandra: ingen får börja innan "
    "en tidigare har slutat.",
}
_KEY = {
    "sv": "Varje rad ska ha sin egen kombination av {columns}; samma kombination får bara "
    "förekomma en gång.",
    "en": "Each row has its own combination of {columns}; the same combination may stand only "
    "once.",
}
_FOUND_IN = {
    "sv": "{columns} ska finnas i tabellen {table}.",
    "en": "{columns} must be found in the table {table}.",
}


def write_documentation(contracts: Mapping[str, Contract], out: Path | str) -> list[Path]:
    """Write contracts.sv.html and contracts.en.html; returns their paths."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("evalkit.intake", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("contracts.html")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for language in ("sv", "en"):
        path = out / f"contracts.{language}.html"
        text = page.render(
            language=language,
            words={key: text[language] for key, text in _WORDS.items()},
            names={
                table: _capital(contract.term if language == "sv" else contract.table)
                for table, contract in contracts.items()
            },
            steps=[step[language] for step in _STEPS],
            kinds={kind: text[language] for kind, text in _KINDS.items()},
            groups=[
                (
                    "must_deliver",
                    [contract for contract in contracts.values() if contract.is_required],
                ),
                (
                    "may_deliver",
                    [contract for contract in contracts.values() if not contract.is_required],
                ),
            ],
            forms={
                contract.table: {c.name: _form(c, language) for c in contract.columns}
                for contract in contracts.values()
            },
            sentences={
                contract.table: _sentences(contract, contracts, language)
                for contract in contracts.values()
            },
        )
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def _form(column: Column, language: Language) -> str:
    """What a value must look like beyond its type, in words; empty where any will do or values are
    listed.
    """
    parts = [_BOUNDS[bound][language].format(limit=limit) for bound, limit in column.limits.items()]
    if column.pattern:
        parts.append(
            _FORMS[column.pattern][language]
            if column.pattern in _FORMS
            else _OTHER_FORM[language] + column.pattern
        )
    return ", ".join(parts)


def _sentences(
    contract: Contract, contracts: Mapping[str, Contract], language: Language
) -> list[str]:
    """The rules of a table as sentences: its key, its own rules and its references."""
    named = {
        column.name: f"{column.term} ({column.name})" if language == "sv" else column.name
        for column in contract.columns
    }
    keys = _listing([named[key] for key in contract.keys], language)
    sentences = [
        _KEY[language].format(columns=keys),
        *[_sentence(rule, named, language) for rule in contract.rules],
    ]
    for link in contract.references:
        table = (
            f"{contracts[link.to_table].term} ({link.to_table})"
            if language == "sv"
            else link.to_table
        )
        columns = _listing([named[column] for column in link.columns], language)
        sentences.append(_FOUND_IN[language].format(columns=columns, table=table))
    return [_capital(sentence) for sentence in sentences]


def _sentence(rule: CustomRule, named: Mapping[str, str], language: Language) -> str:
    if language == "en":
        return rule.sentence
    arguments = {
        name: named[value]
        if isinstance(value, str)
        else _listing([named[one] for one in value], language)
        for name, value in rule.arguments.items()
    }
    return _RULES_SV[rule.rule].format(**arguments)


def _listing(items: list[str], language: Language) -> str:
    last = {"sv": " och ", "en": " and "}[language]
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + last + items[-1]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

"""What the cells of a delivered column look like, as far as a proposed mapping needs it: how dates
are written, and the values of a column of codes.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from evalkit.ids import count_personal_numbers
from evalkit.intake.contracts.contract import ContractColumn, plain
from evalkit.intake.reading.delivered import texts_of

# A column of codes has few values that come back; what stands in it once is never shown.
_MAX_CODES, _MAX_LENGTH, _LEAST_ROWS = 40, 80, 2
_SAMPLE = 1000
# How dates are written, the contract's own way first, with the length that each has.
_FORMATS = {
    "%Y-%m-%d": 10,
    "%Y%m%d": 8,
    "%Y-%m": 7,
    "%Y%m": 6,
    "%Y/%m/%d": 10,
    "%d/%m/%Y": 10,
    "%d.%m.%Y": 10,
}
_YEARS = range(1900, 2101)
_OLDEST = 115
_MONTH_IN_NAME = re.compile(r"(?:19|20)[0-9]{2}(-?)(?:0[1-9]|1[0-2])(?![0-9])")
# Fewer columns of one form are no months beside each other.
_FEWEST_MONTHS = 3
_NOT = {"saknar", "ej", "inte"}
_MED, _UTAN = (re.compile(rf"\b{letter}[. /]+", re.IGNORECASE) for letter in "mu")
_WITHOUT = re.compile(r"[\s,(]+(förutom|utom|exkl\w*\.?)\s.*$", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """A delivered column: how many cells are filled, the least of them (never shown), the values of
    a column of codes that come back, how many others it has, how its dates are written, and whether
    it holds ages, or ids as far as can be told.
    """

    n_filled: int
    least: str
    codes: tuple[str, ...]
    n_more: int
    date_format: str | None
    is_age: bool
    is_id: bool


def look_at(cells: pl.Series) -> Seen:
    """What a column looks like."""
    texts = texts_of(cells).str.strip_chars()
    texts = texts.filter(texts.is_not_null() & (texts != ""))
    counts = texts.value_counts()
    is_code = counts.height <= _MAX_CODES and _LEAST_ROWS * counts.height <= len(texts)
    codes = sorted(
        text
        for text, n in (counts.rows() if is_code else ())
        if n >= _LEAST_ROWS and len(text) <= _MAX_LENGTH and not count_personal_numbers(text)
    )
    sample = texts.head(_SAMPLE).to_list()
    ages = [int(text) for text in sample if text.isdigit() and int(text) <= _OLDEST]
    return Seen(
        len(texts),
        min(sample, default=""),
        tuple(codes),
        counts.height - len(codes) if is_code else 0,
        next((form for form in _FORMATS if sample and _is_written(sample, form)), None),
        bool(sample) and len(ages) == len(sample),
        len(texts) > 0 and not is_code and not any(re.search(r"\s|,", text) for text in sample),
    )


def proposed_code(value: str, column: ContractColumn) -> str | None:
    """Our code for a delivered one, by the words that the contract and Swedish systems have for it;
    None where none is alike. A column that takes any short code takes the delivered one as such.
    """
    phrases = _phrases(column)
    # "Norden utom Sverige" is Norden.
    value = _WITHOUT.sub("", _MED.sub("med ", _UTAN.sub("utan ", value)))
    if negations := _NOT & set(_words_of(value)):
        # "Saknar gymnasium" is not what "gymnasium" stands for.
        phrases = {
            code: tuple(phrase for phrase in known if negations <= set(_words_of(phrase)))
            for code, known in phrases.items()
        }
    written = plain(value)
    for code, known in phrases.items():
        if any(written == plain(phrase) for phrase in known):
            return code
    scores = {
        code: max((_likeness(value, phrase) for phrase in known), default=0.0)
        for code, known in phrases.items()
    }
    best = max(scores, key=lambda code: scores[code], default=None)
    if best is not None and scores[best] > 0:
        return best
    return None if column.allowed else _as_short_code(value)


def knows_words(column: ContractColumn) -> bool:
    """Whether there are words by which codes of a column are told, of a list or of our own."""
    return bool(column.allowed) or column.name in _WORDS


def by_words(value: str, column: ContractColumn) -> bool:
    """Whether a delivered code is told by words, and not only by its own letters."""
    listed = replace(column, allowed=tuple(_phrases(column)))
    return proposed_code(value, listed) is not None


def has_codes(column: ContractColumn) -> bool:
    """Whether a column holds codes: of a list, or any short ones."""
    return bool(column.allowed) or column.pattern == _SHORT_CODE


def months_in_names(names: Sequence[str]) -> str | None:
    """How columns name their months, where several of them stand beside each other."""
    forms = Counter(
        _MONTH_IN_NAME.sub(lambda found: f"%Y{found[1]}%m", name.replace("%", "%%"))
        for name in names
        if _MONTH_IN_NAME.search(name)
    )
    form, n = forms.most_common(1)[0] if forms else ("", 0)
    return form if n >= _FEWEST_MONTHS else None


def _is_written(texts: Sequence[str], form: str) -> bool:
    try:
        return all(
            len(text) == _FORMATS[form] and datetime.strptime(text, form).year in _YEARS
            for text in texts
        )
    except ValueError:
        return False


# So many letters must be alike before a code is proposed.
_FEWEST_LETTERS, _SHORTEST_PHRASE, _BEGUN = 5, 3, 6
_SHORT_CODE = "^[a-z][a-z0-9_]*$"
# What Swedish systems write for our codes. Numbers of sexes and households are those of the
# official statistics.
_REASONS = {
    "work": ("arbete", "arbeta", "jobb", "anställning", "anställd"),
    "subsidised_work": (
        *("subventionerat arbete", "subventionerad anställning", "subventionerat jobb"),
        *("lönebidrag", "lönebidragsanställning", "anställning med lönebidrag", "nystartsjobb"),
        *("introduktionsjobb", "anställning med stöd"),
    ),
    "sheltered_work": (
        *("skyddat arbete", "skyddad anställning", "kommunal anställning"),
        *("arbetsmarknadsanställning", "kommunal arbetsmarknadsanställning"),
    ),
    "training": ("arbetsmarknadsutbildning",),
    "programme": ("arbetsmarknadsprogram", "program hos arbetsförmedlingen", "etableringsprogram"),
    "studies": ("studier", "studera", "utbildning"),
    "pension": ("pension", "ålderspension"),
    "dead": ("avliden", "död", "dödsfall", "avlidit"),
    "moved": ("flytt", "flyttat", "flyttade", "utflyttad"),
    "dropped_out": ("avbrott", "avbruten", "avhopp", "hoppat av", "hoppade av"),
    "sickness_benefit": ("sjukdom", "sjukskriven", "sjukpenning"),
    "ended_as_planned": ("enligt plan", "planerat avslut", "fullföljd", "genomförd", "slutförd"),
}
_NOT_STATED = ("ej angivet", "saknas", "okänd", "okänt", "vet ej")
_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "sex": {
        "female": ("k", "kv", "f", "2", "flicka", "tjej", "kvinnor"),
        "male": ("m", "1", "pojke", "kille", "män"),
    },
    "role": {
        "lead": ("sökande", "huvudsökande", "rl", "reg", "huvudperson"),
        "co_applicant": ("partner", "make", "maka", "sambo", "medsök"),
        "child": ("hemmavarande barn", "umgängesbarn", "b"),
    },
    "household_type": {
        "children_only": ("1",),
        "single_man": ("3", "ensam man", "ensamstående man"),
        "single_man_with_children": ("4", "ensam man med barn"),
        "single_woman": ("5", "ensam kvinna", "ensamstående kvinna"),
        "single_woman_with_children": ("6", "ensam kvinna med barn"),
        "couple": ("7", "par", "par utan barn", "gifta"),
        "couple_with_children": ("8", "par med barn"),
        "unknown": ("9",),
    },
    "support_obstacle": {
        "unemployed": ("arbetssökande", "arbetslöshet"),
        "certified_sick": ("sjuk", "sjukdom", "sjukskriven", "sjukskrivning", "läkarintyg"),
        "sickness_or_activity_compensation": ("sjukersättning", "aktivitetsersättning"),
        "social_reasons": ("sociala skäl", "social problematik", "sociala problem"),
        "parental_leave": ("föräldrapenning", "föräldraledighet"),
        "part_time": ("deltid", "deltidsarbete"),
        "language": ("språk", "språket", "språksvårigheter", "svenska"),
        "none": ("inget hinder", "ej hinder"),
        "other": ("övrigt", "annat"),
        "not_stated": _NOT_STATED,
    },
    "state": {
        "work": ("arbete", "jobb", "anställning", "anställd"),
        "studies": ("studerar", "student", "utbildning"),
        "support": ("bistånd", "försörjningsstöd", "bidrag", "socialbidrag"),
        "sickness_benefit": ("sjuk", "sjukskriven"),
        "pension": ("ålderspension",),
        "moved": ("flytt", "flyttat"),
        "dead": ("död",),
        "unknown": ("uppgift saknas",),
    },
    "education": {
        "compulsory_or_less": ("grundskola", "ingen utbildning"),
        "upper_secondary": ("gymnasium", "gymnasieskola", "gymnasieutbildning"),
        "post_secondary": ("högskola", "universitet", "yrkeshögskola"),
        "not_stated": _NOT_STATED,
    },
    "origin": {
        "native": ("sverige", "inrikes"),
        "nordic": ("norden",),
        "eu": ("eu", "europa", "eu ees"),
        "other": ("utanför eu", "utanför europa", "utom europa", "övriga världen", "övriga"),
        "not_stated": _NOT_STATED,
    },
    "responsible_role": {"case_worker": ("handläggare",), "consultant": ("coach", "konsulent")},
    "end_reason": _REASONS,
    "exit_reason": _REASONS,
}


def _phrases(column: ContractColumn) -> dict[str, tuple[str, ...]]:
    """What may stand for each of our codes."""
    words = _WORDS.get(column.name, {})
    codes = [str(code) for code in column.allowed] or list(words)
    labels = {str(code): label for code, label in column.labels.items()}
    return {code: (code, *filter(None, [labels.get(code)]), *words.get(code, ())) for code in codes}


def _likeness(value: str, phrase: str) -> float:
    """Letters of a phrase whose words stand in a value, less half of those that do not; 0 where too
    few are alike and the phrase does not stand there whole. Words are alike where one begins with
    the other.
    """
    written, known = _words_of(value), _words_of(phrase)
    alike = [
        max(
            (min(len(word), len(other)) for other in written if _begin_alike(word, other)),
            default=0,
        )
        for word in known
    ]
    n_missing = sum(len(word) for word, n in zip(known, alike, strict=True) if not n)
    is_whole = set(known) <= set(written) and sum(alike) >= _SHORTEST_PHRASE
    return sum(alike) - n_missing / 2 if is_whole or sum(alike) >= _FEWEST_LETTERS else 0.0


def _begin_alike(word: str, other: str) -> bool:
    """Whether a word begins the other, or both begin with so many letters."""
    n = min(len(word), len(other), _BEGUN)
    return word[:n] == other[:n]


def _words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _as_short_code(value: str) -> str | None:
    """A delivered code in the form of a short one: lower case, without accents."""
    letters = unicodedata.normalize("NFKD", value.lower()).encode("ascii", "ignore").decode()
    code = "_".join(re.findall(r"[a-z0-9]+", letters))
    return code if re.fullmatch(_SHORT_CODE, code) else None

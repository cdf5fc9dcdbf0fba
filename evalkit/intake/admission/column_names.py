"""How alike the name of a delivered column is to one of ours: by our name, its Swedish term, and
what Swedish systems call it.
"""

import re
import unicodedata
from difflib import SequenceMatcher

from evalkit.intake.contracts.contract import plain

# From which likeness on a column is taken for ours.
ALIKE = 0.8
_ALIKE_ALIAS, _BY_WORD, _FEWEST_LETTERS = 0.9, 0.84, 5
# Names that Swedish systems give their columns, as `plain` writes them.
_ALIASES = {
    "person_id": (
        "personid",
        "lopnr",
        "löpnr",
        "löpnummer",
        "klientid",
        "personnr",
        "personnummer",
    ),
    "household_id": ("hushallsid", "hushållsid", "hushåll", "ärendeid", "arendeid", "aktnr"),
    "district": ("sdf", "sdn", "stadsdelsförvaltning", "stadsdelsnämnd", "distrikt", "kommundel"),
    "month": ("avser", "avserperiod", "period", "avsermanad", "avsermånad", "manad", "månad"),
    "month_paid": ("utbetald", "utbetalningsdatum"),
    "amount": ("sbel", "utbetaltbelopp", "summa"),
    "sex": ("kon",),
    "birth_year": ("fodelsear", "födelseår", "fodar", "födår", "ålder", "alder"),
    "start": ("from", "fom", "fromdatum", "fomdatum", "startdatum", "insatsstart", "start"),
    "end": ("tom", "tomdatum", "slutdatum", "tilldatum", "insatsslut", "slut", "sistadag"),
    "planned_end": (
        "planeradtom",
        "beräknatslut",
        "planeratslut",
        "plantom",
        "planeratslutdatum",
        "insatsplaneratslut",
    ),
    "intervention_id": ("insats", "insatsid", "åtgärd", "atgard", "aktivitet"),
    "support_obstacle": ("orsak", "försörjningshinder", "forsorjningshinder", "hinder"),
    "role": ("roll", "hushållsroll", "persontyp"),
    "n_children": ("barn", "antalbarn", "barnantal", "barn15"),
    "household_type": ("hushtyp", "hushållstyp", "familjetyp"),
    "hours_per_week": (
        "omfattning",
        "veckotimmar",
        "timmar",
        "timmarvecka",
        "timvecka",
        "omfattningtimmar",
    ),
    "end_reason": (
        "avslutsanledning",
        "avslutadpga",
        "avslutsorsak",
        "slutorsak",
        "avslutsorsakkod",
        "orsaktillavslut",
    ),
    "provider_district": ("utförare", "anordnare"),
    "responsible_role": ("handläggarroll", "ansvarig"),
    "origin": ("födelseregion", "födelseland", "ursprung", "fodelseland"),
    "referral": ("remitterad", "remitteradav", "remittent", "hänvisad", "hänvisadav"),
    "education": ("utbildning", "utbnivå"),
    "currency": ("valutakod",),
}
# Ids are named after what they are of.
_NUMBER = "(id|nr|nummer|löpnr|löpnummer|kod|nyckel|pseudonym)?"
_IDS = {
    "person_id": (
        re.compile(f"(klient|person|individ|deltagar|deltagare|brukar|brukare){_NUMBER}"),
    ),
    "household_id": (
        re.compile(f"(hushåll|hushålls|hushall|hushalls|ärende|akt|arende){_NUMBER}"),
    ),
    "intervention_id": (re.compile("(insats|insatsens?|åtgärds?|aktivitets?)(kod|id|nr)?"),),
}
# Words that a name is made of, by beginning: one of each group must stand there. The longer a group
# of groups, the surer.
_NUMBERED = "id$|nr|num|lopn|kod|nyckel|pseudo"
_DISTRICTS = "socialkontor|stadsdel|kommundel|omrade|distrikt|sdf|sdn|bostadsomr"
_REASONS = (("avslut|upphor|slut", "orsak|anledn|skal|varfor"),)
_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "person_id": (("person|pers$|klient|individ|deltag|brukar|sokande", _NUMBERED),),
    "household_id": (("hushall|arende|akt$|fam", _NUMBERED),),
    "district": ((_DISTRICTS,),),
    "birth_year": (("fod|fodelse", "ar$|aret$"), ("fodelsear",), ("alder",)),
    "sex": (("kon$|kons$|konet",),),
    "education": (("utb$|utbild",),),
    "origin": (("fodelseland|fodelsereg|ursprung",), ("fodd$", "i$|land")),
    "years_in_country": (("ar$|antal", "sverige|landet"),),
    "role": (("roll$|rollen", "hushall|person|arende"), ("roll$",)),
    "support_obstacle": (("hinder",),),
    "month": (("avse", "man$|manad|period"), ("manad|period",)),
    "month_paid": (("utbet", "dat|man$|manad|dag|den$|period"),),
    "amount": (("belopp|summa", "kr|sek$|utbet|bevilj"), ("belopp|summa|kronor",)),
    "household_type": (("hushall|fam", "typ|kategori|kod|sammans|slag|form"),),
    "n_children": (("ant$|antal", "barn"), ("barn$", "under|i$|hemma")),
    "exit_reason": _REASONS,
    "end_reason": _REASONS,
    "intervention_id": (
        ("insats|aktivitet|atgard", _NUMBERED),
        ("insats$|aktivitet$|atgard$",),
        ("insats|aktivitet|atgard", "namn|typ"),
    ),
    "name": (("insats|aktivitet|atgard", "namn|benamn"), ("namn$|benamn",)),
    "kind": (
        ("insats|aktivitet|atgard", "typ|kategori|slag|sort"),
        ("typ$|kategori$|slag$|sort$|art$",),
    ),
    "planned_months": (("plan|berak|langd", "man$|manad|langd"),),
    "start": (("start|from$|fom$|borja|inled|paborj",),),
    "end": (("slut|tom$|tomdat|till$|upphor|avslutad|avslutsd",),),
    "planned_end": (("plan|berak|tank", "slut|tom$|till"),),
    "hours_per_week": (("tim", "veck"), ("omf|veckotim",)),
    "home_district": (("hem|folkbok", _DISTRICTS),),
    "referral": (("remi|hanvis",),),
    "responsible_role": (("ansvarig|handlaggar", "roll"),),
}
# With what a word made of two may end.
_HEAD = re.compile(
    "(?<=[a-z]{3})(typ|namn|kod|nr|nummer|datum|dag|orsak|anledning|manad|belopp|hinder|roll|"
    "kategori|grupp)$"
)
_BY_WORDS, _BY_ONE_WORD_MORE, _SPARE_WORD = 0.86, 0.03, 0.005
# Names that hold ours where no surer one is there: the districts of a county are municipalities.
_ELSE = {"district": ("kommun", "kommunnamn", "kommunensnamn")}


def likeness(theirs: str, ours: str, term: str) -> float:
    """How surely a delivered column holds ours, by its name. 0 to 1; from ALIKE on it is taken."""
    delivered = plain(theirs)
    if delivered in (plain(ours), plain(term)):
        return 1.0
    if delivered in _ALIASES.get(ours, ()):
        return 0.95
    if any(pattern.fullmatch(delivered) for pattern in _IDS.get(ours, ())):
        return 0.95
    if delivered in _ELSE.get(ours, ()):
        return ALIKE
    by_words = max((_by_words(theirs, groups) for groups in _WORDS.get(ours, ())), default=0.0)
    known = [plain(word) for word in (ours, term, *_ALIASES.get(ours, ())) if word]
    ratios = [SequenceMatcher(None, delivered, word).ratio() for word in known]
    # An alias is one name among many, so that it must be met more closely than our own.
    own = ratios[: 1 + bool(term)]
    alike = max(*own, *(ratio for ratio in ratios[len(own) :] if ratio >= _ALIKE_ALIAS), 0.0)
    # A word of the name, or its beginning, that is one of ours: "Beviljat belopp".
    words = re.findall(r"\w+", theirs.lower())
    is_named = any(
        word == one or (len(one) >= _FEWEST_LETTERS and word.startswith(one))
        for word in words
        for one in known
        if len(one) >= _FEWEST_LETTERS - 1
    )
    return max(alike, by_words, _BY_WORD if is_named else 0.0)


def _by_words(name: str, groups: tuple[str, ...]) -> float:
    """How surely a name is made of words of each group; 0 where one is missing."""
    words = words_of(name)
    used: list[str] = []
    for group in groups:
        word = next((w for w in words if w not in used and re.match(group, w)), None)
        if word is None:
            return 0.0
        used.append(word)
    n_spare = len(words) - len(used)
    return _BY_WORDS + _BY_ONE_WORD_MORE * (len(groups) - 1) - _SPARE_WORD * n_spare


def words_of(name: str) -> list[str]:
    """The words of a name, in lower case and without accents, and those of which a word is made:
    AvslutsOrsak, AVSLUTS_ORSAK and avslutsorsak are the same.
    """
    spaced = re.sub(r"(?<=[a-zåäö])(?=[A-ZÅÄÖ])", " ", name)
    plain_letters = unicodedata.normalize("NFKD", spaced.lower()).encode("ascii", "ignore")
    words = re.findall(r"[a-z0-9]+", plain_letters.decode())
    return [part for word in words for part in _HEAD.sub(r" \1", word).split()]

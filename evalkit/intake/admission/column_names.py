"""How alike the name of a delivered column is to one of ours: by our name, its Swedish term, and
what Swedish systems call it.
"""

import re
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
    "intervention_id": (
        re.compile("(insats|insatsens?|åtgärds?|aktivitets?)(namn|typ|kod|id|nr)?"),
    ),
}
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
    return max(alike, _BY_WORD if is_named else 0.0)

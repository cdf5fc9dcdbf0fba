"""The states a person can be in, month by month, and everything that is known of a state. The one
place where this is declared.

An outcome is the word under which a state is reported and estimated; states of one outcome share
its class, payer and look. Rows stand in the order in which outcomes are listed and drawn.
"""

from collections.abc import Collection

import polars as pl

from evalkit.line.looks import Look

# Vega's own shapes that are left are lines, which cannot be seen on a range.
_HOURGLASS = "M-0.9,-0.9L0.9,-0.9L-0.9,0.9L0.9,0.9Z"
_BOW_TIE = "M-0.9,-0.9L-0.9,0.9L0.9,-0.9L0.9,0.9Z"
_HEXAGON = "M-1,0L-0.5,-0.87L0.5,-0.87L1,0L0.5,0.87L-0.5,0.87Z"
_CHEVRON = "M-0.9,-0.9L0.2,-0.9L0.9,0L0.2,0.9L-0.9,0.9L-0.2,0Z"
_PENTAGON = "M0,-1L0.95,-0.31L0.59,0.81L-0.59,0.81L-0.95,-0.31Z"


_STUDIES = Look("#0a8f6c", (7, 3), "square", "#45c2a0")
_PROGRAMME = Look("#cc6a00", (2, 3), "triangle-up", "#f0a050")
_OUT = Look("#454545", (1, 4), _HOURGLASS, "#c3ccd5")

# state, state_class, outcome, payer (the actor who pays a person's living while in the state),
# is_programme, priority, look of the outcome. Priority says which state is believed where two
# sources put a person into different ones in the same month, the lowest number first: what ends
# everything, then what is granted by a decision for the whole person (a pension, a benefit, a
# subsidised job), then unsubsidised work, then programmes and studies, and support, which is
# granted only for what else is lacking, last of all that is known.
_ROWS = (
    ("work", "self_support", "work", "employer", False, 70, Look("#00477a", dark="#6db3ef")),
    ("studies", "self_support", "studies", "student_aid", False, 130, _STUDIES),
    ("school", "self_support", "studies", "student_aid", False, 120, _STUDIES),
    ("further_education", "self_support", "studies", "student_aid", False, 110, _STUDIES),
    ("higher_education", "self_support", "studies", "student_aid", False, 100, _STUDIES),
    (
        *("subsidised_work", "step", "subsidised_work", "public_employment_service", False, 60),
        Look("#3f86c4", (4, 4), "cross", "#8cc2f5"),
    ),
    (
        *("sheltered_work", "step", "sheltered_work", "district", False, 50),
        Look("#7b6fc0", (10, 4), "triangle-down", "#a9a0f2"),
    ),
    ("training", "programme", "training", "state", True, 80, _PROGRAMME),
    ("programme", "programme", "programme", "public_employment_service", True, 90, _PROGRAMME),
    (
        *("sickness_benefit", "transfer", "sickness_benefit", "social_insurance_agency", False, 40),
        Look("#a3417a", (3, 6), "triangle-left", "#f08ab8"),
    ),
    (
        *("pension", "transfer", "pension", "state", False, 30),
        Look("#8a5a2b", (6, 6), "triangle-right", "#d6a878"),
    ),
    (
        *("support", "support", "support", "district", False, 140),
        Look("#6d6d6d", (9, 3, 2, 3), "diamond", "#a7b0ba"),
    ),
    ("dead", "out", "out", None, False, 10, _OUT),
    ("moved", "out", "out", None, False, 20, _OUT),
    (
        "unknown",
        "unknown",
        "unknown",
        None,
        False,
        150,
        Look("#8c8c8c", (1, 6), _BOW_TIE, "#8d98a3"),
    ),
)

STATES = pl.DataFrame(
    [(*row, look.colour, list(look.dash), look.shape) for *row, look in _ROWS],
    schema={
        "state": pl.String,
        "state_class": pl.String,
        "outcome": pl.String,
        "payer": pl.String,
        "is_programme": pl.Boolean,
        "priority": pl.Int32,
        "colour": pl.String,
        "dash": pl.List(pl.Int32),
        "shape": pl.String,
    },
    orient="row",
)

OUTCOMES: tuple[str, ...] = tuple(STATES["outcome"].unique(maintain_order=True))
OUTCOME_OF: dict[str, str] = dict(STATES.select("state", "outcome").iter_rows())

# Months on support told apart in an effect, where its protocol declares the next step: on support,
# and on the step that follows since the start. Nobody delivers it, it is made of interventions
# (`effects.trials.next_step`), and it is support all the same: paid alike, of its class.
NEXT_STEP = "next_step"
ANY_SUPPORT = "any_support"
# What a life in such a month costs, and who pays it, is that of another outcome.
PAID_AS = {NEXT_STEP: "support"}

# Several outcomes taken together. They are estimated, published and told beside the outcomes and
# never added up with them: no month counts twice. Jobs that the municipality itself provides
# (sheltered work) are not in `any_work`, as they are not in Kolada's count. Whoever has moved or
# died is without support.
WITHOUT_SUPPORT = "without_support"
CLOSER = "closer"
AGGREGATES: dict[str, tuple[str, ...]] = {
    "any_work": ("work", "subsidised_work"),
    WITHOUT_SUPPORT: tuple(outcome for outcome in OUTCOMES if outcome != "support"),
    CLOSER: (NEXT_STEP, "work", "subsidised_work", "studies"),
    ANY_SUPPORT: ("support", NEXT_STEP),
}
# Those that an answer may rest on.
PRIMARY_AGGREGATES = tuple(name for name in AGGREGATES if name != ANY_SUPPORT)
# The outcomes of effects, in the order in which they are told.
_AT_SUPPORT = OUTCOMES.index("support")
EFFECT_OUTCOMES = (*OUTCOMES[:_AT_SUPPORT], NEXT_STEP, *OUTCOMES[_AT_SUPPORT:])
# What payments alone tell of every month.
KNOWN_FROM_PAYMENTS = ("support", WITHOUT_SUPPORT, "unknown")
# Fewer mean months of other states are not shown where payments alone are known: rounded, they are
# none.
LEAST_RECORDED = 0.05


def members_of(outcome: str) -> tuple[str, ...]:
    """The outcomes that an aggregate holds; an outcome holds itself."""
    return AGGREGATES.get(outcome, (outcome,))


def aggregates_of(outcomes: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The aggregates that can be told of some outcomes, each with its members among these. Those
    that hold the next step are told where it is.
    """
    present = {
        name: tuple(outcome for outcome in outcomes if outcome in members)
        for name, members in AGGREGATES.items()
        if NEXT_STEP in outcomes or NEXT_STEP not in members
    }
    return {name: members for name, members in present.items() if members}


def outcomes_of_class(*classes: str) -> list[str]:
    """The outcomes of effects that belong to some classes of states."""
    of_states = dict(STATES.select("outcome", "state_class").iter_rows())
    of_states[NEXT_STEP] = of_states["support"]
    return [outcome for outcome in EFFECT_OUTCOMES if of_states[outcome] in classes]


LIVELIHOOD_PRIORITY: tuple[str, ...] = tuple(STATES.sort("priority")["state"])

# Classes in which nobody's money keeps the person, as far as is known.
CLASSES_WITHOUT_PAYER = ("out", "unknown")

# Where the state of a person's month is taken from: the first that knows it. A livelihood recorded
# as unknown knows nothing; a payment is a month for which support was paid, or one between two such
# months that the gap rule bridges, and makes it `support`; the registered reason for which support
# ended tells the month after it, and moving away and death all that come; and so does, last of all,
# the reason for which an intervention ended.
STATE_SOURCES = ("livelihood", "payment", "exit_reason", "end_reason", "unknown")

# So many months in a row, of work or off support, count as an exit that lasts.
SUSTAINED_MONTHS = 3

# How a spell of support that has not ended is shown among the exits: it is no state of its own.
STILL_ON_SUPPORT = "still_on_support"

_OUTCOME_LOOKS = {outcome: look for _, _, outcome, *_, look in _ROWS}
_NEXT_STEP_LOOK = Look("#b0851a", (6, 2), "circle", "#e3bf5e")
_AGGREGATE_LOOKS = {
    "any_work": Look("#2a5f96", (12, 2), _HEXAGON, "#7fbdf2"),
    WITHOUT_SUPPORT: Look("#5d6b22", (2, 2), _PENTAGON, "#b9c766"),
    CLOSER: Look("#1f7a8c", (8, 2), _CHEVRON, "#6cc3d5"),
    ANY_SUPPORT: _OUTCOME_LOOKS["support"],
}
LOOKS: dict[str, Look] = {
    **_OUTCOME_LOOKS,
    NEXT_STEP: _NEXT_STEP_LOOK,
    STILL_ON_SUPPORT: _OUTCOME_LOOKS["support"],
    **_AGGREGATE_LOOKS,
}

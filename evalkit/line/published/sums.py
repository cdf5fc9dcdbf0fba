"""What published tables count alike: numbers that are one and the same, or that add up to the same,
in several tables. Whoever tries to work numbers out starts from them, beside the sums within a
table (`Guard.total_over`). And which keys are never crossed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Term:
    """The numbers of a column in the rows with certain keys, added up.

    Attributes
    ----------
    table, column : str
        A published table and its column.
    where : mapping
        By key: its values (other keys: all).
    per : tuple of str
        Keys of which each value makes a sum of its own.
    """

    table: str
    column: str
    where: Mapping[str, tuple] = field(default_factory=dict)
    per: tuple[str, ...] = ()


@dataclass(frozen=True)
class Same:
    """What is counted in several ways, once for each combination of some keys.

    Attributes
    ----------
    of : str
        What is counted.
    by : tuple of str
        The keys.
    ways : tuple of Term
        Sums that are all the same number.
    """

    of: str
    by: tuple[str, ...]
    ways: tuple[Term, ...]


# Papers that are plans, and those that are none.
_PLANS = ("work_plan", "implementation_plan", "joint_action_plan", "coordinated_plan")
_NO_PLANS = ("assignment", "decision")


def _kept(measure: str, answer: str = "yes") -> Term:
    return Term("process_kept", "n_episodes", {"measure": (measure,), "answer": (answer,)})


SAME = (
    Same(
        "spells of known beginning",
        ("district",),
        (
            Term("people", "count", {"measure": ("support_spells_start_known",)}),
            Term("exits", "n_spells"),
            Term("exit_bounds", "n_whole", {"measure": ("ended",)}),
            Term("time_on_support", "n_spells"),
            Term("group_months", "n_spells", per=("characteristic",)),
            Term("exit_curves", "n_at_risk", {"month": (0,)}, per=("exit",)),
        ),
    ),
    Same(
        "people with spells of known beginning",
        ("district",),
        (
            Term("time_on_support", "n_persons"),
            # The age at the beginning of a spell is not always the same.
            Term(
                "group_months",
                "n_persons",
                {"characteristic": ("sex", "obstacle")},
                per=("characteristic",),
            ),
        ),
    ),
    Same(
        "spells by way out",
        ("exit",),
        (
            Term("exits", "n_spells", {"district": ("all",)}),
            Term("exit_sources", "n_spells", {"source": ("together",)}),
        ),
    ),
    Same(
        "people on support in a year",
        ("district", "year"),
        (Term("long_term", "n_persons", {"answer": ("all",)}, per=("measure",)),),
    ),
    Same(
        "people who were on support",
        ("district",),
        (Term("loops", "n_persons", {"n_returns": ("all",)}, per=("level",)),),
    ),
    Same(
        "people who were ready",
        ("district",),
        (Term("time_to_next_step", "n_persons", per=("measure",)),),
    ),
    Same(
        "people",
        (),
        (
            Term("people", "count", {"district": ("all",), "measure": ("persons",)}),
            Term("state_sources", "n_persons", {"source": ("all",)}),
        ),
    ),
    Same(
        "interventions that began in the year",
        ("district",),
        (
            Term(
                "process_kept",
                "n_episodes",
                {"measure": (*_PLANS, "plan", "complete_plan", *_NO_PLANS), "answer": ("all",)},
                per=("measure",),
            ),
        ),
    ),
    Same(
        "people who were rated at a follow-up",
        ("district", "measure"),
        (Term("ability_ends", "n_persons", {"answer": ("all",)}, per=("end_of_scale",)),),
    ),
    Same(
        "people whose follow-up is overdue",
        ("district",),
        (
            Term(
                "follow_ups_overdue",
                "n_persons",
                {"responsible_role": ("all",), "answer": ("yes",)},
            ),
            Term("worklist_size", "n_persons", {"reason": ("follow_up_overdue",)}),
        ),
    ),
    Same(
        "people who came to support and were in no intervention",
        ("district",),
        (
            Term("access", "n_persons", {"answer": ("all",)}, per=("measure", "characteristic")),
            Term("access_funnel", "n_persons"),
            Term(
                "access_interventions",
                "n_persons",
                {"answer": ("all",)},
                per=("intervention_id",),
            ),
        ),
    ),
    Same(
        "people who came to support and started an intervention",
        ("district", "measure"),
        (Term("access", "n_persons", {"answer": ("yes",)}, per=("characteristic",)),),
    ),
)


@dataclass(frozen=True)
class NoMore:
    """A number that is no larger than the sum of others, once for each combination of some keys.

    Attributes
    ----------
    because : str
        Why.
    by : tuple of str
        The keys.
    less : Term
        The number.
    more : tuple of Term
        The others.
    """

    because: str
    by: tuple[str, ...]
    less: Term
    more: tuple[Term, ...]


_ON_SUPPORT = Term("people", "count", {"measure": ("persons_with_support",)})
_OF_KNOWN_BEGINNING = Term("time_on_support", "n_persons")
NO_MORE = (
    NoMore(
        "who was on support is one of all people",
        ("district",),
        _ON_SUPPORT,
        (Term("people", "count", {"measure": ("persons",)}),),
    ),
    NoMore(
        "who has a spell of known beginning was on support",
        ("district",),
        _OF_KNOWN_BEGINNING,
        (_ON_SUPPORT,),
    ),
    NoMore(
        "who was on support has a spell of known beginning or one of unknown",
        ("district",),
        _ON_SUPPORT,
        (
            _OF_KNOWN_BEGINNING,
            Term("people", "count", {"measure": ("support_spells_start_unknown",)}),
        ),
    ),
    *(
        NoMore("who has such a plan has a plan", ("district",), _kept(kind), (_kept("plan"),))
        for kind in (*_PLANS, "complete_plan")
    ),
    *(
        NoMore(
            "the first follow-up is one of all",
            ("district",),
            _kept("first_follow_up", answer),
            (_kept("follow_ups", answer),),
        )
        for answer in ("all", "yes")
    ),
    NoMore(
        "who was rated twice was rated once",
        ("district", "measure"),
        Term("ability_change", "n_persons", {"intervention_id": ("all",)}),
        (Term("ability_ends", "n_persons", {"answer": ("all",)}, per=("end_of_scale",)),),
    ),
    NoMore(
        "who started counts once for each step started on",
        ("district",),
        Term("ladder_by_district", "n_persons"),
        (Term("ladder", "n_persons", {"answer": ("all",)}),),
    ),
    NoMore(
        "who came to support has a spell of known beginning",
        ("district",),
        Term(
            "access",
            "n_persons",
            {"measure": ("soon",), "answer": ("all",), "characteristic": ("all",)},
        ),
        (_OF_KNOWN_BEGINNING,),
    ),
    NoMore(
        "who started soon has started within the year",
        ("district", "characteristic", "group"),
        Term("access", "n_persons", {"measure": ("soon",), "answer": ("yes",)}),
        (Term("access", "n_persons", {"measure": ("within",), "answer": ("yes",)}),),
    ),
    NoMore(
        "who started has started one intervention or several",
        ("district",),
        Term(
            "access",
            "n_persons",
            {"measure": ("within",), "answer": ("yes",), "characteristic": ("all",)},
        ),
        (Term("access_interventions", "n_persons", {"answer": ("yes",)}),),
    ),
)
# Keys that do not change what a row counts, only what else it says of it.
NOT_OF_THE_COUNT = {"group_months": ("horizon_months",), "time_on_support": ("horizon_months",)}
# The first counts no more than the second, in every row that has both.
PART_OF = (
    *(("n_persons", counted) for counted in ("n_spells", "n_episodes", "n_faults")),
    ("n_ended", "n_spells"),
    ("n_next_step", "n_persons"),
    ("n_starters", "n_eligible"),
    ("n_entered", "n_reached"),
    ("n_reached", "n_known"),
)
# Keys whose values are periods: what is counted of one that is over stays the same.
PERIODS = ("year", "quarter")
# Keys that tell people apart by what they are like. No published table has two of them: crossed
# groups soon are single people.
CHARACTERISTIC_KEYS = ("group", "subgroup", "obstacle", "target_group")

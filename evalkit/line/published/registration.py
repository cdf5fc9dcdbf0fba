"""Published tables of monitoring: how complete the registration is."""

from evalkit.line.table import Guard, Table

REGISTRATION: tuple[Table, ...] = (
    Table(
        "completeness",
        "One row per district, what people did in the last year, and field: of how many of them "
        'the field is filled in their latest row; field "all" is everybody who did it.',
        keys=("district", "base", "field"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("district", "base"),),
            total_over=("district",),
        ),
    ),
)

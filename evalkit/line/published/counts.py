"""What a municipality counts for others on request: written by `evalkit count`, not by a run."""

from evalkit.line.table import Guard, Table

COUNTS = (
    Table(
        "ended_participation",
        "One row per district, year, part and answer: those who left the municipality's "
        "labour-market activity in the year, and what they did then.",
        keys=("district", "year", "part", "answer"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("district",),),
            total_over=("answer", "part", "district"),
        ),
        grade="M",
        about="For whoever reports to Kolada: `evalkit count kolada` writes it to a file.",
    ),
)

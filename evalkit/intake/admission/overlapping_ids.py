"""Two systems that number their people alike: the same id in two files, and another person."""

from collections.abc import Iterable

import polars as pl

from evalkit.errors import IntakeError
from evalkit.intake.checking.checked import Checked
from evalkit.intake.reading.delivered import FILE

# Fewer such ids are faults of single rows, which are set aside as contradictions.
_FEWEST_IDS = 3
_LEAST_SHARE = 0.5
# A year of birth made of an age may be a year off.
_YEARS_OFF = 1


def refuse_overlapping_ids(checked: Iterable[Checked]) -> None:
    """Refuse persons of several files where most ids that stand in two of them have another year of
    birth or sex in each.

    Raises
    ------
    IntakeError
        Naming the files and how many ids, never an id.
    """
    persons = next((table for table in checked if table.contract.table == "person"), None)
    if persons is None or persons.rows[FILE].n_unique() < 2:
        return
    in_two = (
        persons.rows.group_by("person_id")
        .agg(
            files=pl.col(FILE).unique(),
            years=pl.col("birth_year").max() - pl.col("birth_year").min(),
            sexes=pl.col("sex").drop_nulls().n_unique(),
        )
        .filter(pl.col("person_id").is_not_null(), pl.col("files").list.len() > 1)
    )
    differ = in_two.filter((pl.col("years") > _YEARS_OFF) | (pl.col("sexes") > 1))
    if differ.height < max(_FEWEST_IDS, _LEAST_SHARE * in_two.height):
        return
    names = sorted(differ["files"].explode(keep_nulls=False, empty_as_null=False).unique())
    raise IntakeError(
        f"{differ.height:,} ids name different people in different files: two systems number their "
        "people alike.",
        where=f"{', '.join(names)}: {differ.height:,} of {in_two.height:,} ids that stand in more "
        "than one of them have another birth_year or sex there",
        why="Support and interventions of two people would be taken for one person's. Nothing was "
        "read in.",
        fix="let the mapping file put a prefix before the ids of one system, in all its files "
        '(id_prefix: {"*_ame*": "A-"}), or pseudonymise both systems by the personal number, which '
        "names the same person in both.",
    )

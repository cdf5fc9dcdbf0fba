"""Outreach: how many there are, are known, are reached, enter something, and stay."""

from collections.abc import Mapping

import polars as pl

from evalkit.line.offer_codes import OfferCodes
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.offer.last_year import N_MONTHS, codes_of, with_running
from evalkit.months import add_months
from evalkit.params import RunFile
from evalkit.tables import CITY

OUTREACH, STAYED_AFTER_MONTHS = "outreach", 3
_KEYS = ["district", "target_group", "year"]
_COUNTED = ("n_known", "n_reached", "n_entered")
_STAYED = ("n_followed", "n_stayed")


def outreach_interventions(intervention: pl.DataFrame) -> pl.DataFrame:
    """The interventions of outreach (their kind or a code of their content says so) and the groups
    that they are for: intervention_id, target_group.
    """
    by_content = codes_of(intervention, "content").filter(pl.col("code") == OUTREACH)
    is_outreach = (pl.col("kind") == OUTREACH).fill_null(False) | pl.col("intervention_id").is_in(
        by_content["intervention_id"].to_list()
    )
    return codes_of(intervention.filter(is_outreach), "target_groups").rename(
        {"code": "target_group"}
    )


def outreach_funnel(
    tables: Mapping[str, pl.DataFrame],
    starts: pl.DataFrame,
    *,
    codes: OfferCodes,
    params: RunFile,
) -> pl.DataFrame:
    """Who is known, reached and enters, and who of them stays, beside how many there are.

    Parameters
    ----------
    tables : mapping of DataFrame
        outreach, population and intervention as delivered, any may be empty; support_spells.
    starts : DataFrame
        person_id, intervention_id, start, end, month, district (`spells.placed_starts`).
    codes : OfferCodes
        Whom outreach is for.
    params : RunFile
        Which months are known, and which districts are pooled.

    Returns
    -------
    DataFrame
        The table outreach_funnel before gate 2. One row per area (and "all"), target group that is
        counted or has an intervention, and year of the extract: n_known, n_reached, n_entered (the
        months' counts added up: who is known in several months is in each; null where outreach
        counted nothing), n_residents (of the group's ages and sex; null where the population was
        not delivered by them), n_followed
        (people whose first start of an intervention of outreach for the group in the year can be
        followed for three months), n_stayed (those of them who three months later took part in
        any intervention, or were not on support); both null for groups without such an
        intervention.
    """
    rules = params.monitoring
    counted = (
        in_areas(tables["outreach"].with_columns(year=pl.col("month").dt.year()), rules)
        .group_by(_KEYS)
        .agg(pl.col(name).sum() for name in _COUNTED)
    )
    stayed = (
        in_areas(_entries(tables, starts, params), rules)
        .group_by(_KEYS)
        .agg(n_followed=pl.len(), n_stayed=pl.col("is_staying").sum())
    )
    residents = in_areas(_residents(tables["population"], codes), rules)
    itself = outreach_interventions(tables["intervention"])
    is_offered = pl.col("target_group").is_in(itself["target_group"].unique().to_list())
    n_residents = residents.group_by(_KEYS).agg(n_residents=pl.col("n_persons").sum())
    rows = (
        _every_row(tables, codes, params)
        .join(counted, on=_KEYS, how="left")
        .join(stayed, on=_KEYS, how="left")
        .join(n_residents, on=_KEYS, how="left")
        .with_columns(pl.col(*_COUNTED, *_STAYED, "n_residents").cast(pl.Int32))
        .with_columns(pl.when(is_offered).then(pl.col(name).fill_null(0)) for name in _STAYED)
    )
    return rows.sort(_KEYS)


def outreach_leads(
    tables: Mapping[str, pl.DataFrame],
    starts: pl.DataFrame,
    *,
    codes: OfferCodes,
    params: RunFile,
) -> pl.DataFrame:
    """What those who started outreach started next.

    Parameters
    ----------
    tables : mapping of DataFrame
        outreach and intervention as delivered.
    starts : DataFrame
        person_id, intervention_id, month (`spells.placed_starts`).
    codes : OfferCodes
        Whom outreach is for.
    params : RunFile
        Which months are known.

    Returns
    -------
    DataFrame
        The table outreach_leads before gate 2, of all districts. One row per target group with an
        intervention of outreach and intervention of the register: kind ("outreach" or "next"),
        n_followed (who started outreach for the group in the extract and can be followed for twelve
        months, once each, from the first time), n_persons (those of them who started the
        intervention in the twelve months after; of outreach itself, everybody who began with it).
    """
    extract, groups = params.extract, _groups(tables["outreach"], codes)
    itself = outreach_interventions(tables["intervention"]).filter(
        pl.col("target_group").is_in(groups)
    )
    first = (
        starts.join(itself, on="intervention_id")
        .filter(
            pl.col("month") >= extract.first_month,
            pl.col("month") <= add_months(extract.follow_up_through, -N_MONTHS),
        )
        .sort("month", "intervention_id")
        .unique(["person_id", "target_group"], keep="first", maintain_order=True)
    )
    after = (pl.col("next_month") >= pl.col("month")) & (
        pl.col("next_month") <= pl.col("month").dt.offset_by(f"{N_MONTHS}mo")
    )
    others = starts.filter(~pl.col("intervention_id").is_in(itself["intervention_id"].to_list()))
    followed = (
        first.select("person_id", "target_group", "month")
        .join(others.select("person_id", "intervention_id", next_month="month"), on="person_id")
        .filter(after)
    )
    by, n_persons = ["target_group", "intervention_id"], pl.col("person_id").n_unique()
    counts = pl.concat(rows.group_by(by).agg(n_persons=n_persons) for rows in (first, followed))
    whole = first.group_by("target_group").agg(n_followed=n_persons)
    # Every intervention stands beside every group: that a row is there tells of nobody.
    register = tables["intervention"].select(
        "intervention_id",
        kind=pl.when(pl.col("intervention_id").is_in(itself["intervention_id"].to_list()))
        .then(pl.lit(OUTREACH))
        .otherwise(pl.lit("next")),
    )
    return (
        itself.select("target_group")
        .unique()
        .join(register, how="cross")
        .join(whole, on="target_group", how="left")
        .join(counts, on=by, how="left")
        .with_columns(pl.col("n_persons", "n_followed").fill_null(0).cast(pl.Int32))
        .sort(by)
    )


def _every_row(
    tables: Mapping[str, pl.DataFrame], codes: OfferCodes, params: RunFile
) -> pl.DataFrame:
    """Every area, group and year, whoever is in them."""
    extract, rules = params.extract, params.monitoring
    itself = outreach_interventions(tables["intervention"])
    seen = {*tables["outreach"]["target_group"], *itself["target_group"]}
    groups = sorted(seen.intersection(_groups(tables["outreach"], codes)))
    areas = dict.fromkeys([CITY, *(rules.area_of(name) for name in params.districts)])
    years = range(extract.first_month.year, extract.follow_up_through.year + 1)
    return (
        pl.DataFrame({"district": list(areas)}, schema={"district": pl.String})
        .join(
            pl.DataFrame({"target_group": groups}, schema={"target_group": pl.String}), how="cross"
        )
        .join(pl.DataFrame({"year": years}, schema={"year": pl.Int32}), how="cross")
    )


def _groups(outreach: pl.DataFrame, codes: OfferCodes) -> list[str]:
    """The groups that outreach is told of: those named in the codes, and those that it counts."""
    return sorted({one.target_group for one in codes.outreach} | {*outreach["target_group"]})


def _entries(
    tables: Mapping[str, pl.DataFrame], starts: pl.DataFrame, params: RunFile
) -> pl.DataFrame:
    """The first start of each person in outreach for a group in a year, with whether they are still
    in any intervention, or off support, three months later; those who cannot be followed so far
    are left out.
    """
    later = pl.col("month").dt.offset_by(f"{STAYED_AFTER_MONTHS}mo")
    extract = params.extract
    first = (
        starts.join(outreach_interventions(tables["intervention"]), on="intervention_id")
        .filter(
            pl.col("month") >= extract.first_month,
            pl.col("month") <= add_months(extract.follow_up_through, -STAYED_AFTER_MONTHS),
        )
        .with_columns(year=pl.col("month").dt.year(), later=later)
        .sort("month", "intervention_id")
        .unique(["person_id", "target_group", "year"], keep="first", maintain_order=True)
        .select("person_id", "district", "target_group", "year", "later")
    )
    is_in = (pl.col("start") < pl.col("later").dt.offset_by("1mo")) & (
        pl.col("end").is_null() | (pl.col("end") > pl.col("later"))
    )
    taking_part = _any_of(first, starts, is_in, "is_taking_part")
    on_support = _any_of(first, with_running(tables["support_spells"]), is_in, "is_on_support")
    return (
        first.join(taking_part, on=["person_id", "later"], how="left")
        .join(on_support, on=["person_id", "later"], how="left")
        .with_columns(
            is_staying=pl.col("is_taking_part").fill_null(False)
            | ~pl.col("is_on_support").fill_null(False)
        )
    )


def _any_of(people: pl.DataFrame, periods: pl.DataFrame, is_so: pl.Expr, name: str) -> pl.DataFrame:
    """Whether any of a person's periods is so in a month: person_id, later, name."""
    months = people.select("person_id", "later").unique()
    return (
        months.join(periods.select("person_id", "start", "end"), on="person_id")
        .group_by("person_id", "later")
        .agg(is_so.any().alias(name))
    )


def _residents(population: pl.DataFrame, codes: OfferCodes) -> pl.DataFrame:
    """district, target_group, year, n_persons: residents of the age groups that lie within a
    group's ages, of its sex. A group that no age group lies within has no row.
    """
    ages = population.with_columns(
        _from=pl.col("age_group").str.extract(r"^(\d+)").cast(pl.Int32),
        _to=pl.col("age_group").str.extract(r"-(\d+)$").cast(pl.Int32),
    )
    by_group = [
        ages.filter(
            pl.col("_from") >= one.from_age,
            pl.col("_to") <= one.to_age,
            _is_of_sex(ages, one.sex),
        ).select("district", "year", "n_persons", target_group=pl.lit(one.target_group))
        for one in codes.outreach
    ]
    schema = {"district": pl.String, "year": pl.Int32, "n_persons": pl.Int32}
    return pl.concat([pl.DataFrame(schema=schema | {"target_group": pl.String}), *by_group])


def _is_of_sex(population: pl.DataFrame, sex: str) -> pl.Expr:
    """Rows of a sex; for both, those of all where there are such by age, else of women and men."""
    if sex != "all":
        return pl.col("sex") == sex
    is_whole = population.filter(pl.col("sex") == "all", pl.col("age_group") != "all").height > 0
    return (pl.col("sex") == "all") if is_whole else (pl.col("sex") != "all")

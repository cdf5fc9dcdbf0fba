"""What is offered, by what is done in it, and who starts it: the "traditionally male offer" in
figures.
"""

from collections.abc import Mapping

import polars as pl

from evalkit.line.offer_codes import OfferCodes
from evalkit.line.tables import published
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.offer.last_year import (
    codes_of,
    first_of_last_year,
    in_last_year,
    with_running,
)
from evalkit.params import RunFile
from evalkit.tables import CITY

# Rows beside those of the single areas: all starts, those with a work task, those of them whose
# task is traditionally usual with men or with women, what no code tells, and whom it is held
# against.
ALL, TASKS, OTHER, ON_SUPPORT = "all", "tasks", "other", "on_support"
BY_TRADITION = {"men": "usual_with_men", "women": "usual_with_women"}
_IS_OFFERED = pl.col("n_interventions").ne_missing(0)


def offer_content(
    tables: Mapping[str, pl.DataFrame],
    starts: pl.DataFrame,
    *,
    codes: OfferCodes,
    params: RunFile,
) -> pl.DataFrame:
    """Who starts what, by what is done in it, beside all who are on support.

    Parameters
    ----------
    tables : mapping of DataFrame
        intervention (as delivered; without any content there are no rows), person and
        support_spells.
    starts : DataFrame
        person_id, intervention_id, month, district (`spells.placed_starts`).
    codes : OfferCodes
        What is done, by the codes of content.
    params : RunFile
        Which months are known, and which districts are pooled.

    Returns
    -------
    DataFrame
        The table offer_content before gate 2. One row per area (and "all") and content: those of
        `codes`, "tasks" (any work task), "usual_with_men" and "usual_with_women" (any task of that
        tradition), "other" (no code, or one that is on no list), "all", and "on_support" (everybody
        on support in the months). n_persons (who started in the last twelve months; who does
        several things is in each; null where nobody offers it, which stands in the rows of "all"
        alone), n_women of n_known_sex, n_interventions (of the register), counted_from,
        counted_through.
    """
    through, intervention = params.extract.follow_up_through, tables["intervention"]
    if intervention["content"].is_null().all():
        return published("offer_content").empty()
    content = _content_of(intervention, codes)
    begun = in_last_year(starts, through).join(content, on="intervention_id")
    spells = with_running(tables["support_spells"]).filter(
        pl.col("start") <= through, (pl.col("end") > first_of_last_year(through)).fill_null(True)
    )
    people = pl.concat(
        [
            begun.select("person_id", "district", "content"),
            spells.select("person_id", "district", content=pl.lit(ON_SUPPORT)),
        ]
    ).join(tables["person"].select("person_id", "sex"), on="person_id", how="left")
    n_women = pl.col("person_id").filter(pl.col("sex") == "female").n_unique()
    n_known = pl.col("person_id").filter(pl.col("sex").is_not_null()).n_unique()
    counts = (
        in_areas(people, params.monitoring)
        .group_by("district", "content")
        .agg(n_persons=pl.col("person_id").n_unique(), n_women=n_women, n_known_sex=n_known)
    )
    return (
        _every_row(content, codes, params)
        .join(counts, on=["district", "content"], how="left")
        .with_columns(
            pl.when(_IS_OFFERED).then(pl.col(name).fill_null(0)).cast(pl.Int32).alias(name)
            for name in ("n_persons", "n_women", "n_known_sex")
        )
        .with_columns(
            counted_from=pl.lit(first_of_last_year(through)),
            counted_through=pl.lit(through),
        )
        .sort("district", "content")
    )


def _content_of(intervention: pl.DataFrame, codes: OfferCodes) -> pl.DataFrame:
    """intervention_id and content: every area of an intervention, and the rows that hold several
    areas together.
    """
    areas = {code: area for area in codes.areas for code in area.codes}
    rows = []
    told = codes_of(intervention, "content")
    for name in intervention["intervention_id"].sort():
        own = told.filter(pl.col("intervention_id") == name)["code"]
        listed = [areas[code] for code in own if code in areas]
        contents = {area.area for area in listed} or {OTHER}
        contents |= {TASKS for area in listed if area.tradition}
        contents |= {
            BY_TRADITION[area.tradition] for area in listed if area.tradition in BY_TRADITION
        }
        rows += [(name, content) for content in sorted({*contents, ALL})]
    return pl.DataFrame(
        rows, schema={"intervention_id": pl.String, "content": pl.String}, orient="row"
    )


def _every_row(content: pl.DataFrame, codes: OfferCodes, params: RunFile) -> pl.DataFrame:
    """Every area with every content that some intervention has, and the number of those; what
    nobody offers stands there once, for all areas.
    """
    names = [*(area.area for area in codes.areas), OTHER, TASKS, *BY_TRADITION.values(), ALL]
    n_interventions = content.group_by("content").agg(n_interventions=pl.len().cast(pl.Int32))
    contents = pl.DataFrame({"content": [*names, ON_SUPPORT]}).join(
        n_interventions, on="content", how="left"
    )
    rules = params.monitoring
    districts = dict.fromkeys([CITY, *(rules.area_of(name) for name in params.districts)])
    is_offer = pl.col("content") != ON_SUPPORT
    counted = contents.with_columns(
        n_interventions=pl.when(is_offer).then(pl.col("n_interventions").fill_null(0))
    )
    rows = counted.join(pl.DataFrame({"district": list(districts)}), how="cross")
    return rows.filter((pl.col("district") == CITY) | _IS_OFFERED)

import re
import xml.etree.ElementTree as ET
from base64 import b64decode

import polars as pl
import pytest
from altair.utils.schemapi import SchemaValidationError

from evalkit import charts
from evalkit.charts import (
    balance,
    district_figures,
    intervention_figures,
    overview_figures,
)
from evalkit.charts.look.svg import specification, to_svg
from evalkit.charts.register import CHARTS
from evalkit.disclosure import protect_estimates
from evalkit.errors import DisclosureError, ParameterError

OF_EFFECT = "training-start-now-rather-than-wait"
OF_PEOPLE = {"exit_curves", "exit_rates", "group_curves", "states"}
OF_ALL_DISTRICTS = ("time_on_support", "funnel", "access_funnel", "district_ranks")
# px, at the width the chart is drawn for: WCAG asks for no number, the run's page is read on phones
SMALLEST_FONT = 12
WIDEST = 440  # px; wider charts shrink too much on a phone of 320 px


@pytest.fixture(scope="module")
def district_svgs(made_tables, module_words):
    """A district's page and an intervention's, each drawn once; the tables hold one district
    besides all, so it need not be named.
    """
    own = {name: table for name, table in made_tables.items() if name not in OF_ALL_DISTRICTS}
    return {
        language: district_figures(own, words)
        | intervention_figures(own, words, intervention="training")
        for language, words in module_words.items()
    }


@pytest.fixture(scope="module")
def svgs(made_tables, module_words, district_svgs):
    comparison = {name: made_tables[name] for name in OF_ALL_DISTRICTS}
    return {
        language: {
            **district_svgs[language],
            **overview_figures(comparison, words),
            **intervention_figures(comparison, words, intervention="training"),
            **_in_notebooks(made_tables, words),
        }
        for language, words in module_words.items()
    }


def _in_notebooks(made_tables, words):
    """Charts that notebooks alone show."""
    return {
        name: _drawn(name, _made(name, made_tables), words, made_tables)
        for name, chart in CHARTS.items()
        if chart.page == "notebook"
    }


def test_a_district_and_an_intervention_have_every_chart(district_svgs):
    figures = {
        chart.figure
        for chart in CHARTS.values()
        if chart.page in ("place", "effect", "intervention") and chart.of not in OF_ALL_DISTRICTS
    }
    assert set(district_svgs["en"]) == OF_PEOPLE | {
        f"{figure}-{OF_EFFECT}" for figure in figures - OF_PEOPLE
    }


def test_overview_figures_draws_the_districts_beside_each_other_and_no_effect(made_tables, english):
    chosen = {name: made_tables[name] for name in ("time_on_support", "balance", "states-belfast")}

    assert list(overview_figures(chosen, english)) == ["district_comparison"]


def test_district_figures_leaves_out_what_is_missing_or_withheld(made_tables, english):
    withheld = protect_estimates(
        pl.DataFrame(
            {"district": ["Belfast"], "exit": ["work"], "month": [1], "estimate": [0.1], "n": [3]}
        ),
        name="exit_curves-belfast",
        keys=["district", "exit", "month"],
        values=["estimate"],
        n_persons="n",
        unit="share",
        source="made up",
        grade="L",
    )

    figures = district_figures(
        {"exit_curves-belfast": withheld, "states-belfast": made_tables["states-belfast"]}, english
    )

    assert list(figures) == ["states"]


def test_district_figures_names_each_intervention_when_there_are_several(effect_table, english):
    both = effect_table(("coaching", "training"))

    assert list(district_figures({"effect_curves": both}, english, district="all")) == [
        "effect_curves-coaching-start-now-rather-than-wait",
        "effect_curves-training-start-now-rather-than-wait",
    ]


def test_district_figures_draws_the_districts_own_effect_and_borrows_none(effect_table, english):
    borrowed = effect_table(("coaching",)).data
    own = effect_table(("training",), districts=("all", "Belfast"))
    rows = pl.concat([own.data, borrowed]).drop("row_id", "status").with_columns(n=pl.lit(100))
    values = [name for name in rows.columns if name not in (*own.keys, "n")]
    about = {"unit": own.unit, "source": own.source, "grade": own.grade}
    table = protect_estimates(
        rows, name="effect_curves", keys=list(own.keys), values=values, n_persons="n", **about
    )

    drawn = district_figures({"effect_curves": table}, english, district="Belfast")

    assert list(drawn) == [f"effect_curves-{OF_EFFECT}"]
    assert "All districts together" not in drawn[f"effect_curves-{OF_EFFECT}"]


def test_district_figures_draws_the_named_estimand_alone(effect_table, english):
    table = effect_table(("training",), districts=("Belfast",))
    tables = {"effect_curves": table}

    for estimand, drawn in (("wait", [f"effect_curves-{OF_EFFECT}"]), ("never", [])):
        named = {"training": f"start_now_rather_than_{estimand}"}
        assert list(district_figures(tables, english, estimands=named)) == drawn


def test_intervention_figures_draws_one_intervention_of_all_districts(effect_table, english):
    both = effect_table(("coaching", "training"), districts=("all", "Belfast"))

    drawn = intervention_figures({"effect_curves": both}, english, intervention="training")

    assert list(drawn) == [f"effect_curves-{OF_EFFECT}"]
    assert "All districts together" in drawn[f"effect_curves-{OF_EFFECT}"]


def test_district_figures_asks_for_the_district_when_tables_hold_several(made_tables, english):
    with pytest.raises(ParameterError) as caught:
        district_figures(made_tables, english)

    lines = str(caught.value).splitlines()
    assert lines[0] == "The tables hold 5 districts, and none was named."
    assert lines[1].startswith("  where: argument district of district_figures")
    assert lines[2].startswith("  why:   A page is about one district")
    assert lines[3].startswith("  fix:   name it")


@pytest.mark.parametrize("entry", [district_figures, overview_figures])
def test_figures_refuse_a_plain_table(entry, english):
    with pytest.raises(DisclosureError) as caught:
        entry({"exit_curves-belfast": pl.DataFrame({"n": [3]})}, english)

    lines = str(caught.value).splitlines()
    assert lines[0] == "A table that has not passed disclosure control was about to be shown."
    assert lines[1] == "  where: figures, table exit_curves-belfast: got DataFrame"
    assert "Published tables only" in lines[2]
    assert "protect_counts" in lines[3]


def _made(chart, made_tables):
    """The made-up table that a chart is drawn from, a district's own or the city's."""
    of = CHARTS[chart].of
    return next(
        table for name, table in made_tables.items() if name == of or name.startswith(f"{of}-")
    )


def _drawn(chart, table, words, made_tables):
    """A chart of a table, with the prices where it needs them."""
    beside = (made_tables["prices"],) if chart == "value_tornado" else ()
    return to_svg(CHARTS[chart].draw(table, words, *beside), words)


def _wholly_withheld(table):
    """The same table as if it rested on three persons."""
    values = [
        column for column in table.data.columns if column not in ("row_id", "status", *table.keys)
    ]
    few = table.data.with_columns(n_behind=pl.lit(3))
    origin = {"name": table.name, "unit": table.unit, "source": table.source, "grade": table.grade}
    return protect_estimates(
        few, keys=list(table.keys), values=values, n_persons="n_behind", **origin
    )


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_is_drawn_as_from_altairs_own_valid_specification(
    chart, made_tables, english, monkeypatch
):
    table = _made(chart, made_tables)

    drawn = _drawn(chart, table, english, made_tables)

    monkeypatch.setattr(
        "evalkit.charts.look.svg.specification", lambda chart: chart.to_dict(validate=True)
    )
    assert _drawn(chart, table, english, made_tables) == drawn


def test_what_vega_lite_does_not_know_is_found_in_a_chart_built_without_altairs_checks(
    made_tables, english
):
    chart = charts.exit_curves(made_tables["exit_curves-belfast"], english)
    chart.layer[0].encoding.x["axis"]["tikSize"] = 3

    with pytest.raises(SchemaValidationError, match="tikSize"):
        chart.to_dict(validate=True)


def test_specification_writes_a_table_once_however_many_layers_draw_it(made_tables, english):
    written = specification(charts.exit_curves(made_tables["exit_curves-belfast"], english))

    assert [layer["data"]["name"] for layer in written["layer"]] == [
        *["data-0"] * 3,
        *["data-1"] * 2,
    ]
    assert list(written["datasets"]) == ["data-0", "data-1"]


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_of_which_nothing_may_be_shown_says_so(chart, made_tables, english):
    table = _wholly_withheld(_made(chart, made_tables))
    table = (
        table.where(district=table.data["district"][0]) if CHARTS[chart].page != "city" else table
    )

    svg = _drawn(chart, table, english, made_tables)

    assert 'aria-label="Nothing can be shown: the numbers are too small."' in svg
    assert ">Nothing can be shown: " in svg


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_of_a_table_without_rows_says_so(chart, made_tables, english):
    table = _made(chart, made_tables)

    assert "Nothing to show: no number was calculated." in _drawn(
        chart, table.where(district="nowhere"), english, made_tables
    )


def test_figures_draw_each_effect_in_the_outcome_of_which_the_share_at_the_end_is_told(
    effect_table, made_tables, english
):
    told = made_tables["effect_summary"]
    in_studies = told.data.with_columns(
        pl.col("outcome").str.replace("months_work", "studies_share_at_end")
    )
    values = [name for name in in_studies.columns if name not in (*told.keys, "row_id", "status")]
    about = {"unit": told.unit, "source": told.source, "grade": told.grade}
    rows = in_studies.with_columns(n=pl.lit(100)).drop("row_id", "status")
    summary = protect_estimates(
        rows, name="effect_summary", keys=list(told.keys), values=values, n_persons="n", **about
    )

    drawn = district_figures({"effect_curves": effect_table(), "effect_summary": summary}, english)

    # The made-up curves hold work alone, so that of studies nothing can be drawn.
    assert "Nothing to show" in drawn[f"effect_curves-{OF_EFFECT}"]
    assert (
        "Nothing to show"
        not in district_figures({"effect_curves": effect_table(), "effect_summary": told}, english)[
            f"effect_curves-{OF_EFFECT}"
        ]
    )


def test_effect_curves_of_a_state_that_the_table_lacks_says_so(effect_table, english):
    assert "Nothing to show" in to_svg(
        charts.effect_curves(effect_table(), english, state="pension"), english
    )


def test_a_chart_of_no_intervention_says_so(made_tables, english):
    shown = charts.show(balance, made_tables["balance"].where(district="nowhere"), english)

    assert "Nothing to show" in shown.svgs[0]


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_refuses_a_plain_table(chart, english):
    with pytest.raises(DisclosureError, match=f"chart {chart}: got DataFrame"):
        _drawn(chart, pl.DataFrame({"n": [3]}), english, {"prices": None})


def test_no_word_of_the_charts_is_asked_for_by_none(svgs, module_words, english):
    asked = set().union(*(words.asked for words in module_words.values()))

    shown = asked | {
        "chart.nothing",
        "chart.no_number",
        "chart.most_common",
        "chart.rows",
    }
    assert {key for key in english.entries if key.startswith("chart.")} - shown == set()


@pytest.mark.parametrize("language", ["sv", "en"])
def test_svg_is_well_formed_and_names_itself(svgs, language):
    for svg in svgs[language].values():
        root = ET.fromstring(svg)
        assert root.attrib["role"] == "img"
        assert len(root.attrib["aria-label"]) > 10


@pytest.mark.parametrize("language", ["sv", "en"])
def test_svg_needs_nothing_from_outside(svgs, language):
    for svg in svgs[language].values():
        assert "<script" not in svg and "href" not in svg
        assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_svg_is_legible_on_a_phone(svgs, language):
    for name, svg in svgs[language].items():
        width = float(re.search(r'viewBox="0 0 ([\d.]+) ', svg)[1])
        fonts = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', svg)]
        assert width <= WIDEST, name
        assert min(fonts) >= SMALLEST_FONT, name
        assert min(fonts) * 320 / width >= SMALLEST_FONT - 1.5, name


def test_svg_ids_differ_between_charts_of_a_page(svgs):
    ids = [name for svg in svgs["en"].values() for name in set(re.findall(r' id="([^"]+)"', svg))]

    assert len(ids) == len(set(ids))


def test_svg_bytes_are_the_same_every_time(made_tables, english):
    tables = {"states-belfast": made_tables["states-belfast"]}

    assert district_figures(tables, english) == district_figures(tables, english)


def test_axes_write_numbers_as_the_language_does(svgs):
    assert "20\u00a0%" in svgs["sv"]["exit_curves"]
    assert "20%" in svgs["en"]["exit_curves"]
    assert "9,8 (9,3 till 10,3)" in svgs["sv"]["district_comparison"]
    assert "\u22122\u00a0000" in svgs["sv"][f"value_by_actor-{OF_EFFECT}"]


def test_a_chart_is_shown_of_every_intervention_of_a_table(made_tables, english):
    table = made_tables["balance"].where(district="all")

    shown = charts.show(balance, table, english)

    assert shown._repr_html_().count("<img ") == table.data["intervention_id"].n_unique() == 1
    # A single picture needs no name above it.
    assert "<h4>" not in shown._repr_html_()


def test_pictures_of_several_comparisons_say_which_each_is_of(english):
    keys = ["district", "intervention_id", "estimand", "covariate"]
    estimands = ["start_now_rather_than_never", "start_now_rather_than_wait"]
    rows = [("all", "course", estimand, "age", 0.3, 0.1, 50) for estimand in estimands]
    table = protect_estimates(
        pl.DataFrame(rows, schema=[*keys, "smd_before", "smd_after", "n_starters"], orient="row"),
        name="balance",
        keys=keys,
        values=["smd_before", "smd_after"],
        n_persons="n_starters",
        unit="standard deviations",
        source="made up",
        grade="M",
    )

    html = charts.show(balance, table, english)._repr_html_()

    assert re.findall("<h4>(.*?)</h4>", html) == [
        "Starting now compared with never starting",
        "Starting now compared with not starting now",
    ]


def test_a_picture_in_a_notebook_holds_its_bytes_its_name_and_its_rows(made_tables, english):
    table = made_tables["balance"].where(district="all")

    html = charts.show(balance, table, english)._repr_html_()

    (first, *_) = re.findall(r'<img alt="([^"]+)"[^>]*base64,([^"]+)">', html)
    svg = b64decode(first[1]).decode()
    assert f'aria-label="{first[0]}"' in svg and svg.startswith("<svg ")
    assert "<svg" not in html and html.count("<table>") == html.count("<img ")
    assert not re.search(r"https?://(?!www\.w3\.org/)", html + svg)


def test_a_picture_without_html_is_told_by_its_name_alone(made_tables, english):
    text = repr(charts.show(balance, made_tables["balance"].where(district="all"), english))

    assert text.startswith("Picture: ") and "<" not in text

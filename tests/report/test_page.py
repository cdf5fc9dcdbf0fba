"""Pages answer in order, say only what the data allow, and are written whole, alike every time."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import polars as pl
import pytest
import yaml

from evalkit.disclosure import protect_counts, protect_estimates, publish, read_published
from evalkit.errors import DisclosureError, ParameterError
from evalkit.report import districts_without_report, write_stand_in
from evalkit.report.site import (
    write_decision_page,
    write_district_page,
    write_district_pages,
    write_index,
    write_intervention_page,
    write_intervention_pages,
    write_method,
    write_overview,
    write_overviews,
)
from evalkit.tables import slug
from evalkit.words import words_of_run

SECTIONS = ["who", "stay", "change", "value", "value_time", "sure", "origin"]
OF_INTERVENTION = ["change", "value", "value_time", "sure", "limits"]
OF_METHOD = [
    "advice",
    "trials",
    "readings",
    "reading",
    "unknown",
    "protocols",
    "decisive",
    "prices",
    "origin",
]
OF_PEOPLE = ("exit_curves", "states")


class Reader(HTMLParser):
    """Headings, ids, links and unclosed elements of a page."""

    VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.attributes, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attributes)))


def plain(html: str) -> str:
    body = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body).replace("&nbsp;", " "))


@pytest.fixture
def page(run, tables, figures, words):
    """A district's page as text."""

    def write(district: str, **changed) -> str:
        chosen = {name: table for name, table in {**tables, **changed}.items() if table is not None}
        shown = _own(figures, district)
        return write_district_page(run, district, chosen, shown, words).read_text(encoding="utf-8")

    return write


def _own(figures, district):
    """The figures that a district has of its own: effects in Norr alone, and no people to draw in
    Söder.
    """
    balance = {name for name in figures if name.startswith("balance")}
    names = {"Norr": set(figures) - balance, "Öster & Ön": set(OF_PEOPLE)}.get(district, set())
    return {name: svg for name, svg in figures.items() if name in names}


@pytest.fixture
def training(run, tables):
    """The page of work training in English, as plain text without figures."""

    def write(tables=tables, run=run, language="en") -> str:
        words = words_of_run(run, language)
        page = write_intervention_page(run, "work_training", tables, {}, words)
        return plain(page.read_text(encoding="utf-8"))

    return write


@pytest.fixture
def method(run, tables):
    """The method in English or another language, as plain text."""

    def write(tables=tables, run=run, language="en") -> str:
        page = write_method(run, tables, words_of_run(run, language))
        return plain(page.read_text(encoding="utf-8"))

    return write


@pytest.fixture
def english(run, tables, figures):
    """A district's page in English, as plain text."""

    def write(district: str, tables=tables) -> str:
        shown = _own(figures, district)
        return plain(
            write_district_page(run, district, tables, shown, words_of_run(run, "en")).read_text(
                encoding="utf-8"
            )
        )

    return write


def test_district_page_answers_in_order(page):
    ids = re.findall(r'<h2 id="(\w+)"', page("Norr"))

    assert ids == ["notices", "contents", *SECTIONS]


def test_pages_of_an_intervention_and_of_the_method_answer_in_order(run, tables, figures, words):
    drawn = {name: svg for name, svg in figures.items() if name not in OF_PEOPLE}

    intervention = write_intervention_page(run, "work_training", tables, drawn, words)
    method = write_method(run, tables, words)

    for page, sections in ((intervention, OF_INTERVENTION), (method, OF_METHOD)):
        html = page.read_text(encoding="utf-8")
        assert re.findall(r'<h2 id="(\w+)"', html) == ["notices", "contents", *sections]
        assert Reader(html).open == []


def test_district_page_lists_the_runs_notices_before_any_number(page, words):
    html = page("Norr")

    first = {
        "sv": "Det här visar metoden, inte ett resultat.",
        "en": "This shows the method, not a finding.",
    }[words.language]
    assert 0 < html.index(first) < html.index("data-table")


def test_district_page_is_well_formed_with_one_h1_and_headings_in_order(page):
    reader = Reader(page("Öster & Ön"))

    levels = [int(tag[1]) for tag in reader.tags if re.fullmatch(r"h[1-6]", tag)]
    assert reader.open == []
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_district_page_has_no_id_twice_and_no_link_into_nothing(page):
    reader = Reader(page("Norr"))

    ids = [attributes["id"] for _, attributes in reader.attributes if "id" in attributes]
    inside = [
        a["href"][1:] for tag, a in reader.attributes if tag == "a" and a["href"].startswith("#")
    ]
    assert len(ids) == len(set(ids))
    assert set(inside) <= set(ids)


def test_district_page_runs_its_own_script_alone_and_names_no_address_outside(page):
    html = page("Norr")

    [code] = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")
    assert html.count("<script") == 1
    [policy] = re.findall(r'Security-Policy" content="([^"]+)"', html)
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith(f"script-src 'sha256-{digest}'")
    assert "http" not in html.replace("http-equiv", "")


def test_district_page_escapes_names(page):
    html = page("Öster & Ön")

    assert "<h1>Öster &amp; Ön</h1>" in html


def test_district_page_links_to_overview_districts_and_its_other_language(run, page, words):
    hrefs = [a["href"] for tag, a in Reader(page("Norr")).attributes if tag == "a"]

    other = "en" if words.language == "sv" else "sv"
    assert {
        "../evidence/all.html",
        "../norr.html",
        "../evidence/norr.html",
        "../evidence/oster-on.html",
        "../evidence/soder.html",
        "../about/method.html",
        f"../../{other}/evidence/norr.html",
    } <= set(hrefs)


def test_every_link_of_a_site_leads_to_a_page(run_of_two, two_interventions):
    run, pages = run_of_two, []
    for district in run.params.districts:
        pages += write_district_pages(run, district, two_interventions, lambda *_, **__: {})
    for intervention in ("work_training", "language_practice"):
        pages += write_intervention_pages(run, intervention, two_interventions, lambda *_, **__: {})
    pages += write_overviews(run, two_interventions, lambda *_, **__: {})

    marks = {page.resolve(): Reader(page.read_text(encoding="utf-8")).attributes for page in pages}
    ids = {page: {a["id"] for _, a in of if "id" in a} for page, of in marks.items()}
    links = [(page, a["href"]) for page, of in marks.items() for tag, a in of if tag == "a"]
    broken = []
    for page, href in links:
        path, _, anchor = href.partition("#")
        target = (page.parent / path).resolve() if path else page
        if target not in ids or anchor not in {"", *ids[target]}:
            broken.append(f"{page.name}: {href}")
    assert len(links) > 100
    assert broken == []


def test_what_could_not_be_made_is_named_and_its_links_lead_to_a_page_that_says_so(
    run_of_two, two_interventions
):
    run, draw = run_of_two, lambda *_, **__: {}
    well, failed = run.params.districts[1:], run.params.districts[0]
    for district in well:
        write_district_pages(run, district, two_interventions, draw)
    missing = districts_without_report(run)
    write_overviews(run, two_interventions, draw, without_report=missing)
    site = run.run_dir / "site"

    for language, sentence in (
        ("en", f"No report could be made in this run for {failed}"),
        ("sv", f"I den här körningen kunde ingen rapport göras för {failed}"),
    ):
        for page in (f"{slug(failed)}.html", "interventions/work-training.html"):
            write_stand_in(run, f"site/{language}/{page}", last_report="../old.html")
        overview = (site / language / "index.html").read_text(encoding="utf-8")
        assert sentence in plain(overview)
        own = Reader((site / language / f"{slug(failed)}.html").read_text(encoding="utf-8"))
        hrefs = [a.get("href") for tag, a in own.attributes if tag == "a"]
        assert {"../old.html", "index.html", f"{slug(well[0])}.html"} <= set(hrefs)
    assert missing == (failed,)


def test_every_page_says_whose_effects_the_city_is_without(run_of_two, two_interventions):
    status = two_interventions["effect_status"]
    rows = status.data.drop("row_id", "status").with_columns(
        reason=pl.when(pl.col("district") == "Norr")
        .then(pl.lit("not_computed"))
        .otherwise("reason")
    )
    values = [name for name in rows.columns if name not in status.keys]
    origin = {name: getattr(status, name) for name in ("name", "unit", "source", "grade")}
    partly = two_interventions | {
        "effect_status": protect_estimates(
            rows, keys=list(status.keys), values=values, n_persons=None, **origin
        )
    }

    page = write_decision_page(run_of_two, "Söder", partly, words_of_run(run_of_two, "en"))

    told = plain(page.read_text(encoding="utf-8"))
    assert "for all districts together is without Norr" in told


def test_the_menu_of_an_intervention_is_of_interventions(run_of_two, two_interventions):
    page = write_intervention_page(
        run_of_two, "work_training", two_interventions, {}, words_of_run(run_of_two, "en")
    )

    html = page.read_text(encoding="utf-8")
    assert "<h1>Work training</h1>" in html
    assert 'href="../interventions/language-practice.html">Language practice</a>' in html
    assert "Choose an intervention. Now:" in html


def test_every_number_of_a_page_resolves_to_its_published_table(run, page, tables):
    for table in tables.values():
        publish(table, run.run_dir)
    spans = re.findall(
        r'data-table="([^"]+)" data-row="(\d+)" data-col="(\w+)" data-form="([^"]+)"', page("Norr")
    )

    withheld = [form == "withheld" for *_, form in spans]
    values = [
        read_published(run.run_dir, table).data.filter(row_id=int(row))[column].item()
        for table, row, column, _ in spans
    ]
    assert len(spans) > 100
    assert [value is None for value in values] == withheld


def test_no_figure_of_a_table_stands_outside_its_address(page):
    html = re.sub(r'<span class="(?:number|mark)"[^>]*>[^<]*</span>', "", page("Norr"))

    cells = re.findall(r"<td>([^<]*)</td>", html)
    assert [cell for cell in cells if re.search(r"\d[.,]\d", cell) and "0.1.0" not in cell] == []


def test_lead_says_that_the_data_cannot_tell_when_the_range_holds_zero(english):
    assert (
        "The data cannot tell whether work training changes how long those who started are in work"
        in english("Norr")
    )


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.97, "Those who started work training spent more time in work than comparable people"),
        (
            0.85,
            "Those who started work training probably spent more time in work than comparable "
            "people",
        ),
        (
            0.12,
            "Those who started work training probably spent less time in work than comparable "
            "people",
        ),
        (0.02, "Those who started work training spent less time in work than comparable people"),
    ],
)
def test_lead_compares_months_as_sure_as_the_draws_have_it(
    english, tables, make_summary, probability, said
):
    assert said in english(
        "Norr", {**tables, "effect_summary": make_summary(0.2, 1.5, probability)}
    )


def test_page_gives_the_reason_and_links_to_the_citys_answer_when_it_has_none(page, english):
    text = re.sub(r" +", " ", english("Öster & Ön"))

    assert "Öster &amp; Ön has no answer of its own for work training" in text
    assert "Fewer than 20 people started work training here, too few for a comparison." in text
    assert 'href="../interventions/work-training.html"' in page("Öster & Ön")


def _with_three_people(tables, district):
    """The tables as they are where three people live in a district: everything of it is
    withheld.
    """
    withheld = {
        name: _withheld(table, district) if "district" in table.keys else table
        for name, table in tables.items()
    }
    return {**withheld, "people": _three_people(tables["people"], district)}


def _three_people(people, district):
    three = pl.when(pl.col("district") == district).then(3).otherwise("count").cast(pl.Int32)
    origin = {"name": "people", "unit": people.unit, "source": people.source, "grade": people.grade}
    counted = people.data.with_columns(count=three)
    return protect_counts(
        counted, keys=list(people.keys), counts=["count"], n_persons=None, **origin
    )


def _withheld(table, district):
    values = [
        column for column in table.data.columns if column not in ("row_id", "status", *table.keys)
    ]
    is_there = pl.col("district") == district
    people = table.data.with_columns(
        n_behind=pl.when(is_there | (pl.col("status") == "suppressed")).then(3).otherwise(100)
    )
    origin = {"name": table.name, "unit": table.unit, "source": table.source, "grade": table.grade}
    return protect_estimates(
        people, keys=list(table.keys), values=values, n_persons="n_behind", **origin
    )


@pytest.mark.parametrize("district", ["Norr", "Söder"])
def test_page_of_a_district_of_three_people_says_so_in_words(run, tables, district):
    few = _with_three_people(tables, district)

    text = plain(
        write_district_page(run, district, few, {}, words_of_run(run, "en")).read_text(
            encoding="utf-8"
        )
    )

    assert (
        f"The data cover 5 people in {district}; 5 of them were on income support at some time."
        in text
    )
    assert f"{district} has no answer of its own for work training" in re.sub(r" +", " ", text)
    assert (
        "So few people here could have started work training that nothing about them is shown."
        in text
    )


def test_page_of_a_district_without_people_says_so(run, tables):
    nobody = {name: table for name, table in tables.items() if "soder" not in name}
    nobody["people"] = tables["people"].where(district=["Norr", "Öster & Ön", "all"])

    text = plain(
        write_district_page(run, "Söder", nobody, {}, words_of_run(run, "en")).read_text(
            encoding="utf-8"
        )
    )

    assert "The data hold 0–2 people in Söder." in text


@pytest.mark.parametrize("language", ["sv", "en"])
def test_overview_with_a_district_of_three_people_says_that_nothing_can_be_said_of_it(
    run, tables, language
):
    words = words_of_run(run, language)

    html = write_overview(run, _with_three_people(tables, "Söder"), {}, words).read_text(
        encoding="utf-8"
    )

    line = next(line for line in html.split("<tr>") if ">Söder</a></th>" in line)
    shown = words.text("mark.suppressed")
    assert plain(line).split("</tr>")[0].count(shown) == 1
    assert words.text("cannot_be_said") in plain(line)


def test_a_district_without_an_effect_of_its_own_shows_no_figure_of_the_city(page):
    families = re.findall(r'data-table="((?:effect|value|balance)[^"]*)"', page("Öster & Ön"))

    assert families == []


def test_page_names_each_of_several_interventions(run_of_two, two_interventions):
    html = write_district_page(
        run_of_two, "Norr", two_interventions, {}, words_of_run(run_of_two, "en")
    ).read_text(encoding="utf-8")

    text = plain(html)
    assert "What do the interventions change?" in text
    assert (
        "The data cannot tell whether it comes to more or less time in work: language practice and "
        "work training" in text
    )
    # Over what each changes, gives, when it pays and what it rests on.
    assert [html.count(f"<h3>{name}</h3>") for name in ("Language practice", "Work training")] == [
        4,
        4,
    ]
    assert text.count("The difference can be read as a result of the intervention only if") == 1


def _refused(table, **which):
    """The table effect_status with the effects that have these key values (or all) refused in every
    district.
    """
    is_meant = pl.all_horizontal(
        pl.lit(True), *(pl.col(key) == value for key, value in which.items())
    )
    own = table.data.drop("row_id", "status").with_columns(
        effect_state=pl.when(is_meant).then(pl.lit("cannot_be_said")).otherwise("effect_state"),
        reason=pl.when(is_meant).then(pl.lit("unbalanced")).otherwise("reason"),
    )
    values = [name for name in own.columns if name not in table.keys]
    origin = {"name": table.name, "unit": table.unit, "source": table.source, "grade": table.grade}
    return protect_estimates(own, keys=list(table.keys), values=values, n_persons=None, **origin)


def test_page_shows_how_alike_the_groups_are_where_the_effect_is_refused(run, tables, figures):
    refused = {**tables, "effect_status": _refused(tables["effect_status"])}
    drawn = {name: svg for name, svg in figures.items() if name == "balance-work-training"}

    html = write_intervention_page(
        run, "work_training", refused, drawn, words_of_run(run, "en")
    ).read_text(encoding="utf-8")

    sure = plain(html).split("How sure are we?")[-1].split("What can we not say?")[0]
    assert "No effect was estimated" in sure
    assert "No effect of work training is told. This is how alike" in sure
    assert html.count("<figure") == len(drawn)
    assert (
        "What work training changes cannot be said, not even for all districts together."
        in plain(html)
    )
    # Nothing is told of a difference that was refused.
    assert (
        "other reasonable ways of counting" not in sure
        and "Without making the groups comparable" not in sure
    )


def test_page_shows_the_answer_to_another_question_where_the_first_is_refused(run, tables, figures):
    never = "start_now_rather_than_never"
    both = {
        name: _with_estimand(tables[name], never)
        for name in ("effect_status", "effect_curves", "effect_summary")
    }
    both["effect_status"] = _refused(both["effect_status"], estimand="start_now_rather_than_wait")
    of = {
        f"{name}-work-training-start-now-rather-than-never": figures["states"]
        for name in ("effect_curves", "effect_months")
    }

    html = write_intervention_page(
        run, "work_training", {**tables, **both}, of, words_of_run(run, "en")
    ).read_text(encoding="utf-8")

    assert (
        "What work training changes cannot be said, not even for all districts together."
        in plain(html)
    )
    assert (
        "The same pictures for another question: starting now compared with never starting"
        in plain(html)
    )


def _with_estimand(table, estimand):
    """The table with the same rows under another estimand too."""
    own = table.data.drop("row_id", "status")
    values = [name for name in own.columns if name not in table.keys]
    both = pl.concat(
        [own.filter(pl.col("estimand") != estimand), own.with_columns(estimand=pl.lit(estimand))]
    )
    origin = {"name": table.name, "unit": table.unit, "source": table.source, "grade": table.grade}
    return protect_estimates(both, keys=list(table.keys), values=values, n_persons=None, **origin)


def _not_computed(table, intervention):
    """The table effect_status where an intervention's notebooks failed: a verdict, no numbers."""
    is_missing = pl.col("intervention_id") == intervention
    numbers = [name for name, kind in table.data.schema.items() if kind.is_numeric()]
    refused = _refused(table, intervention_id=intervention).data.drop("row_id", "status")
    rows = refused.with_columns(
        pl.when(~is_missing).then(pl.col(name)).alias(name) for name in numbers if name != "row_id"
    ).with_columns(
        reason=pl.when(is_missing).then(pl.lit("not_computed")).otherwise("reason"),
    )
    values = [name for name in rows.columns if name not in table.keys]
    origin = {"name": table.name, "unit": table.unit, "source": table.source, "grade": table.grade}
    return protect_estimates(
        rows,
        keys=list(table.keys),
        values=values,
        n_persons="n_eligible",
        is_uncounted_shown=True,
        **origin,
    )


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The computation for language practice failed in this run"),
        ("sv", "Beräkningen för språkpraktik misslyckades i den här körningen"),
    ],
)
def test_pages_say_that_an_intervention_was_not_computed_and_tell_the_other(
    run_of_two, two_interventions, figures, language, sentence
):
    missing = {
        **{
            name: table.where(intervention_id="work_training")
            if "intervention_id" in table.keys
            else table
            for name, table in two_interventions.items()
        },
        "effect_status": _not_computed(two_interventions["effect_status"], "language_practice"),
    }
    words = words_of_run(run_of_two, language)

    district = write_district_page(run_of_two, "Norr", missing, {}, words)
    own = write_intervention_page(run_of_two, "language_practice", missing, {}, words)

    for page in (district, own):
        assert sentence in plain(page.read_text(encoding="utf-8"))
    assert words.label("work_training") in plain(district.read_text(encoding="utf-8"))


def _with_protocol(run, name, **changes):
    protocol = yaml.safe_load(run.path(name).read_text(encoding="utf-8")) | changes
    run.path(name).write_text(yaml.safe_dump(protocol, allow_unicode=True), encoding="utf-8")
    return run


@pytest.mark.parametrize(
    ("changes", "lead", "rests"),
    [
        ({"comparisons": ["wait"]}, "comparable people who did not start then", "but did not"),
        ({"comparisons": ["never"]}, "comparable people who never started", "but did not"),
        (
            {"comparisons": ["other"], "other_intervention_id": "language_practice"},
            "comparable people who started language practice instead",
            "compared with people who started language practice instead",
        ),
    ],
)
def test_page_says_with_whom_those_who_started_are_compared(make_run, tables, changes, lead, rests):
    wording = {"value.language_practice": {"sv": "språkpraktik", "en": "language practice"}}
    run = _with_protocol(make_run(wording=wording), "protocol.yaml", **changes)
    estimand = f"start_now_rather_than_{changes['comparisons'][0]}"
    families = ("effect_status", "effect_curves", "effect_summary", "value_parts", "value_payback")
    told = {name: _with_estimand(tables[name], estimand) for name in families}

    text = plain(
        write_district_page(run, "Norr", {**tables, **told}, {}, words_of_run(run, "en")).read_text(
            encoding="utf-8"
        )
    )

    assert lead in text and rests in text
    assert f"The sum is the difference between those who started and {lead}" in text


@pytest.mark.parametrize(
    ("estimand", "said"),
    [("ATE", "everybody who could have started"), ("overlap", "might as well have started as not")],
)
def test_page_says_of_whom_an_effect_is_told(make_run, tables, estimand, said):
    run = _with_protocol(make_run(), "protocol.yaml", estimand=estimand)

    assert said in plain(
        write_district_page(run, "Norr", tables, {}, words_of_run(run, "en")).read_text(
            encoding="utf-8"
        )
    )


def test_page_tells_an_effect_in_the_outcome_of_its_protocol(make_run, told_in_studies):
    run = _with_protocol(make_run(), "protocol.yaml", primary_outcome="studies")

    swedish, english = (
        plain(
            write_district_page(
                run, "Norr", told_in_studies(), {}, words_of_run(run, language)
            ).read_text(encoding="utf-8")
        )
        for language in ("sv", "en")
    )

    assert (
        "The data cannot tell whether work training changes how long those who started are in "
        "studies" in english
    )
    assert "45% were in studies, against 39%" in english
    assert (
        "Underlaget kan inte avgöra om arbetsträning ändrar hur länge de som började är i studier"
        in swedish
    )
    change = english.split("What does the intervention change?")[-1].split(
        "What does the intervention cost"
    )[0]
    # The change in work is still told, as another outcome.
    assert change.index("months in studies") < change.index("months in work")
    assert "share in work" not in change.lower()


def test_page_tells_each_of_several_effects_in_its_own_outcome(
    run_of_two, two_interventions, told_in_studies
):
    run = _with_protocol(run_of_two, "second.yaml", primary_outcome="studies")
    mixed = told_in_studies("language_practice", two_interventions)

    text = plain(
        write_district_page(run, "Norr", mixed, {}, words_of_run(run, "en")).read_text(
            encoding="utf-8"
        )
    )

    assert (
        "The data cannot tell whether it comes to more or less time in work: work training" in text
    )
    assert (
        "The data cannot tell whether it comes to more or less time in studies: language practice"
        in text
    )


def test_page_links_to_each_intervention_that_a_district_has_no_answer_for(
    run_of_two, two_interventions
):
    html = write_district_page(
        run_of_two, "Söder", two_interventions, {}, words_of_run(run_of_two, "en")
    ).read_text(encoding="utf-8")

    said = "Söder has no answer of its own for language practice and work training"
    assert said in re.sub(r" +", " ", plain(html))
    assert all(
        f"../interventions/{name}.html" in html for name in ("language-practice", "work-training")
    )


def test_overview_names_the_interventions_whose_effect_can_be_said(run_of_two, two_interventions):
    text = plain(
        write_overview(run_of_two, two_interventions, {}, words_of_run(run_of_two, "en")).read_text(
            encoding="utf-8"
        )
    )

    assert "Interventions whose effect can be said in the district" in text
    assert "language practice, work training" in text


def test_method_names_the_prices_of_grade_l(method):
    assert "rests on prices of source grade L" in method()
    assert "taken from accounts: cost of a place. With other prices" in method()


def test_page_counts_the_comparison_in_people_where_one_may_be_compared_often(english):
    text = re.sub(r" +", " ", english("Norr"))

    assert "The difference rests on 65 people who started, compared with occasions" in text
    assert "those who share a household being one, the comparison rests on 90" in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("sv", "Att börja betyder här att börja inom 4 månader"),
        ("en", "To start means here to start within 4 months"),
    ],
)
def test_page_says_within_how_many_months_the_start_may_come_under_a_grace_period(
    run, tables, language, said
):
    path = run.run_file.with_name("protocol.yaml")
    path.write_text(
        yaml.safe_dump({**yaml.safe_load(path.read_text(encoding="utf-8")), "grace_months": 3}),
        encoding="utf-8",
    )

    page = write_district_page(run, "Norr", tables, {}, words_of_run(run, language)).read_text(
        encoding="utf-8"
    )

    assert said in plain(page)


def test_method_says_all_prices_when_all_are_of_grade_l(method, tables):
    only_assumed = {**tables, "prices": tables["prices"].where(price="cost_per_place")}

    assert "All prices in the calculation are of source grade L" in method(only_assumed)


def test_method_names_the_prices_that_are_carried_forward(method, tables):
    carried = {**tables, "prices": _prices_with(tables, carried="place_cost 2012")}

    assert "on request the last one before it is used: cost of a place; and discount rate." in (
        method(carried)
    )
    assert "on request the last one before" not in method()


def test_method_says_what_the_assumed_prices_move_and_equalisation_takes(method, tables):
    text = method()

    part = text[text.rindex("Which assumptions decide?") :]
    assert "per start: work training ( −SEK 5,000 )." in part
    assert "Cost of a place SEK 16,000 SEK 8,000 to SEK 29,000 SEK 21,000 – – L made up" in part
    assert "Which assumptions decide?" not in method(
        {name: table for name, table in tables.items() if name != "value_tornado"}
    )


def test_page_says_what_the_municipality_keeps_of_new_tax(page, tables, words):
    kept = _prices_with(tables, price="kept_of_tax", value=0.0428, unit="share")
    said = {"en": "keeps all for two years, then 4.3% :", "sv": "allt i två år, sedan 4,3 % :"}

    assert said[words.language] in plain(page("Norr", prices=kept))
    assert said[words.language] not in plain(page("Norr"))


def test_page_says_that_equalisation_takes_more_than_a_low_tax_brings(page, tables, words):
    kept = _prices_with(tables, price="kept_of_tax.Norr", value=-0.061, unit="share")
    said = {"en": "then −6.1% : income equalisation", "sv": "sedan blir det −6,1 % : inkomst"}

    assert said[words.language] in plain(page("Norr", prices=kept))


def _prices_with(tables, **columns):
    """The prices with other columns; one price alone where it gets another name."""
    prices = tables["prices"].data.drop("row_id", "status")
    rows = prices.head(1) if "price" in columns else prices
    rows = rows.with_columns(pl.lit(value).alias(name) for name, value in columns.items())
    return protect_estimates(
        pl.concat([prices, rows]) if "price" in columns else rows,
        name="prices",
        keys=["price"],
        values=[column for column in rows.columns if column != "price"],
        n_persons=None,
        unit="as stated",
        source="made up for this test",
        grade="L",
    )


def test_page_says_how_many_periods_stand_apart_and_from_what(page, words):
    said = {
        "en": "20 more were already running when the data begin. They stand apart from all",
        "sv": "20 till pågick redan när underlaget börjar. De står utanför allt som räknas",
    }

    assert said[words.language] in plain(page("Norr"))


def test_method_says_from_which_source_states_come_and_how_much_is_unknown(method, words):
    said = {
        "en": "50% have their state from records of livelihood, 8% from months with a payment, "
        "2% from reasons why a period ended and 1% from reasons why an intervention ended; 39% "
        "have an unknown",
        "sv": "till 50 % från uppgifter om försörjning, till 8 % från månader med utbetalning, "
        "till 2 % från skäl till att en period tog slut och till 1 % från skäl till att en insats "
        "tog slut; 39 % av månaderna",
    }

    assert said[words.language] in method(language=words.language)


def test_method_says_what_did_not_fit_in_the_delivered_months(method, tables, words):
    faults = protect_counts(
        pl.DataFrame(
            {
                "fault": ["gap", "recovered_in_full", "exit_before_last_payment"],
                "n_faults": [0, 31, 12],
                "n_persons": [0, 20, 3],
            }
        ),
        name="timeline_faults",
        keys=["fault"],
        counts=["n_faults", "n_persons"],
        n_persons="n_persons",
        unit="faults",
        source="A made-up city",
        grade="H",
    )
    said = {
        "en": ("both paid and wholly taken back: no month on support 30 20", "two states at"),
        "sv": ("både utbetalt och helt återkrävt: ingen biståndsmånad 30 20", "två lägen"),
    }

    text = method({**tables, "timeline_faults": faults}, language=words.language)

    told, not_told = said[words.language]
    assert told.lower() in text.lower() and not_told not in text


def test_method_says_when_nothing_was_set_aside(method, tables):
    assert "At most two delivered rows were set aside by any rule." in method(
        {**tables, "intake": tables["intake"].where(table="person")}
    )


def test_method_says_through_which_month_a_table_is_known(method):
    assert re.search("Known through .* end_before_start – 15 – September 2023", method())


def test_page_shows_displacement_as_zero_central_and_high(english):
    assert re.search(
        "Nobody is displaced .* As in the calculation .* Many are displaced", english("Norr")
    )


def test_page_says_which_perspective_no_item_concerns(english):
    assert "No item of the calculation concerns the district." not in english("Norr")
    assert "No item of the calculation concerns the public purse." in english("Norr")


def test_page_shows_the_unadjusted_figure_beside_the_adjusted(training):
    assert "would have been −2.9 months in work instead of −0.6" in re.sub(r" +", " ", training())


def _without_effects(tables):
    return {
        name: table
        for name, table in tables.items()
        if not name.startswith(("effect", "value", "prices", "balance"))
    }


def test_page_refuses_figures_whose_tables_are_missing(english, tables):
    with pytest.raises(ParameterError, match="no place in the page"):
        english("Norr", _without_effects(tables))


def test_pages_without_effects_say_that_none_was_estimated(run, tables, training, method):
    described = _without_effects(tables)

    district = plain(
        write_district_page(run, "Norr", described, {}, words_of_run(run, "en")).read_text(
            encoding="utf-8"
        )
    )

    assert "No intervention was estimated in this run." in district
    assert "No intervention was estimated in this run." in training(described)
    assert "No calculation was made" in training(described)
    assert "The run has no price book" in method(described)


def test_method_says_so_without_protocols(make_run, method):
    run = make_run(effects={})

    assert "No effect was asked for in this run" in method({}, run)


def test_pages_are_written_without_any_table(run, words):
    district = write_district_page(run, "Norr", {}, {}, words)
    intervention = write_intervention_page(run, "work_training", {}, {}, words)
    method = write_method(run, {}, words)

    for page, sections in (
        (district, ["who", "stay", "change", "origin"]),
        (intervention, ["change", "value", "limits"]),
        (method, [name for name in OF_METHOD if name != "decisive"]),
    ):
        html = page.read_text(encoding="utf-8")
        assert re.findall(r'<h2 id="(\w+)"', html)[-len(sections) :] == sections


def test_page_is_the_same_bytes_every_time(run, tables, figures, words):
    own = _own(figures, "Norr")
    first = write_district_page(run, "Norr", tables, own, words).read_bytes()

    second = write_district_page(
        run, "Norr", dict(reversed(tables.items())), own, words
    ).read_bytes()

    assert first == second


def test_page_is_whole_or_absent(run, tables, words):
    with pytest.raises(DisclosureError):
        write_district_page(run, "Norr", tables, {"states": "<svg><script/></svg>"}, words)

    assert list(run.run_dir.rglob("*.html*")) == []


def test_page_refuses_what_is_not_published(run, tables, words):
    with pytest.raises(DisclosureError) as caught:
        write_district_page(run, "Norr", {"people": tables["people"].data}, {}, words)

    assert "page of Norr, table people" in str(caught.value)


def test_page_refuses_an_unknown_district(run, words):
    with pytest.raises(ParameterError) as caught:
        write_district_page(run, "Nor", {}, {}, words)

    assert str(caught.value).splitlines() == [
        "The run has no such district.",
        '  where: district "Nor" (did you mean "Norr"?)',
        "  why:   A page is written for each that the run file names, so that every link leads "
        "somewhere.",
        "  fix:   choose one of the districts of the run.",
    ]


def test_page_refuses_an_unknown_intervention(run, words):
    with pytest.raises(ParameterError) as caught:
        write_intervention_page(run, "work_trainin", {}, {}, words)

    assert str(caught.value).splitlines()[:2] == [
        "The run has no such intervention.",
        '  where: intervention "work_trainin" (did you mean "work_training"?)',
    ]


def test_page_refuses_a_figure_that_has_no_place(run, tables, figures, words):
    with pytest.raises(ParameterError) as caught:
        shown = {**_own(figures, "Norr"), "pie": figures["states"]}
        write_district_page(run, "Norr", tables, shown, words)

    assert str(caught.value).splitlines()[0] == "1 figure has no place in the page."
    assert (
        str(caught.value)
        .splitlines()[1]
        .startswith("  where: figures: pie; placed: effect_curves-work-training")
    )


def test_overview_lists_districts_in_the_runs_order_with_links(run, tables, words):
    html = write_overview(run, tables, {}, words).read_text(encoding="utf-8")

    linked = re.findall(r'<th scope="row"><a href="([^"]+)">', html)
    assert linked == [f"../evidence/{name}.html" for name in ("norr", "oster-on", "soder")]


def test_overview_says_whether_districts_can_be_told_apart(run, tables):
    text = plain(
        write_overview(run, tables, {}, words_of_run(run, "en")).read_text(encoding="utf-8")
    )

    assert (
        "The data cannot tell whether the districts differ in how long people stay on income "
        "support" in text
    )


def test_the_page_of_an_intervention_answers_for_all_districts_together(training):
    text = training()

    assert "The evidence on the intervention, all districts together" in text
    assert (
        "The data cannot tell whether work training changes how long those who started are in work"
        in text
    )


@pytest.mark.parametrize("languages", [["sv"], ["sv", "en"]])
def test_pages_are_written_in_the_runs_languages_and_no_other(make_run, tables, languages):
    run, asked = make_run(languages=languages), []

    def draw(drawn_from, words, **place):
        asked.append((words.language, drawn_from is tables, place))
        return {}

    pages = [
        *write_district_pages(run, "Norr", tables, draw),
        *write_intervention_pages(run, "work_training", tables, draw),
        *write_overviews(run, tables, draw),
    ]

    site = run.run_dir / "site"
    wanted = [
        site / language / page
        for names in (
            ("norr.html", "evidence/norr.html"),
            ("interventions/work-training.html", "people/work-training.html"),
            ("index.html", "evidence/all.html", "about/method.html"),
        )
        for language in languages
        for page in names
    ]
    assert pages == [*wanted, site / "index.html"]
    assert sorted(site.rglob("*/*.html")) == sorted(wanted)
    primary = {"work_training": "start_now_rather_than_wait"}
    assert asked == [
        (language, True, about)
        for about in (
            {"district": "Norr", "estimands": primary},
            {"intervention": "work_training"},
            {},
        )
        for language in languages
    ]


def test_index_offers_each_language_in_its_own_language(run):
    html = write_index(run).read_text(encoding="utf-8")

    links = [a for tag, a in Reader(html).attributes if tag == "a"]
    assert [(a["href"], a["hreflang"]) for a in links] == [
        ("sv/index.html", "sv"),
        ("en/index.html", "en"),
    ]
    assert "<h1>" in html and 'lang="en">Choose language' in html


def test_run_with_one_language_links_to_no_other(make_run, tables):
    run = make_run(languages=["sv"])

    html = write_overview(run, tables, {}, words_of_run(run, "sv")).read_text(encoding="utf-8")

    assert "hreflang" not in html


def test_wording_of_the_run_reaches_the_page(make_run, tables):
    run = make_run(
        wording={
            "support": {"sv": "utan arbete", "en": "without a job"},
            "people": {"sv": "unga", "en": "young people"},
        }
    )

    text = plain(
        write_district_page(run, "Norr", tables, {}, words_of_run(run, "sv")).read_text(
            encoding="utf-8"
        )
    )

    assert "410 unga i Norr; 260 av dem levde någon gång utan arbete." in re.sub(
        r"\s+([;.])", r"\1", text
    )
    assert "ekonomiskt bistånd" not in text


def test_district_page_says_when_the_money_comes_back_and_at_which_price_it_would_not(page, words):
    text = plain(page("Norr"))

    expected = {
        "en": (
            "The public purse gets its money back within 60 months",
            "The estimate itself says after 29 months.",
            "if “cost of a place” is SEK 49,700 instead of SEK 16,000",
            "has 60 of its own",
            "no extra work",
            "(too unsure for a range)",
        ),
        "sv": (
            "De offentliga kassorna får tillbaka sina pengar inom 60 månader",
            "Skattningen själv säger efter 29 månader.",
            "om ”kostnad för en plats” är 49 700 kr i stället för 16 000 kr",
            "har 60 egna",
            "inget extra arbete",
            "(för osäkert för ett intervall)",
        ),
    }
    assert [part for part in expected[words.language] if part not in text] == []


def test_page_says_so_when_nothing_is_valued(tables, training):
    priceless = {
        name: table for name, table in tables.items() if not name.startswith(("value", "prices"))
    }

    text = training(priceless)

    assert "No calculation was made: an effect or prices to count with are missing." in text
    assert "When does the money come back" not in text


def test_overview_says_so_when_nothing_was_allocated(run, words):
    text = plain(write_overview(run, {}, {}, words).read_text(encoding="utf-8"))

    assert {"en": "No allocation was worked out", "sv": "Ingen fördelning har räknats fram"}[
        words.language
    ] in text


def test_overview_says_what_the_money_would_do_if_best_used(run, tables, words):
    text = plain(write_overview(run, tables, {}, words).read_text(encoding="utf-8"))

    # The amounts are rounded as much as a plan deserves.
    assert {
        "en": "best allocation found (best, shared places) is worth",
        "sv": "bästa fördelningen som räknats fram (bäst, delade platser) värd",
    }[words.language] in text
    assert {"en": "Best, shared places", "sv": "Bäst, delade platser"}[words.language] in text


def test_the_citys_numbers_are_called_the_citys(training):
    sure = training().split("How sure are we?")[-1].split("What can we not say?")[0]

    assert "under different ways of counting, all districts together" in sure


def test_method_prints_the_rule_of_advice_with_the_runs_thresholds(make_run, method):
    rules = {"expand_from": 0.93, "min_starters": 77, "trial_cost": 650_000}
    run = make_run(value={"price_book": "prices.yaml", "advice": rules, "horizon_months": 48})

    text = method(run=run)

    assert "Society gains over 48 months with a probability of at least 93%" in text
    assert "the best trial is worth more than" in text and "650,000" in text
    assert "Own figures are used from 77 people who started." in text
    assert "from 95% it is said outright, from 80% probably" in text


def test_method_has_the_card_of_each_protocol(run_of_two, two_interventions):
    html = write_method(run_of_two, two_interventions, words_of_run(run_of_two, "en")).read_text(
        encoding="utf-8"
    )

    assert all(
        f"<summary>{name}</summary>" in html for name in ("Work training", "Language practice")
    )
    assert "What does it change to start now?" in html

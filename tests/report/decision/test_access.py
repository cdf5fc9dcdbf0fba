"""Who gets what, how soon: in a sentence, the groups' differences, and the tables."""

from datetime import date

import pytest

from evalkit.report.evidence.access import who_gets_what

COUNTED = {"counted_from": date(2019, 1, 1), "counted_through": date(2023, 12, 1)}


def _counts(district, n, soon, within, characteristic="all", group="all", median=4.0):
    shares = {"soon": soon, "within": within}
    keys = {"district": district, "characteristic": characteristic, "group": group}
    return [
        {
            **keys,
            "measure": measure,
            "answer": answer,
            "n_persons": n if answer == "all" else round(n * share),
            "share": 1.0 if answer == "all" else share,
            "median_months": None if answer == "all" else median,
            **COUNTED,
        }
        for measure, share in shares.items()
        for answer in ("all", "yes")
    ]


def _beside(district, observed, expected, verdict):
    ranks = {"rank": 2.0, "rank_lower": 1.0, "rank_upper": 4.0, "n_districts": 4}
    shares = {"observed": observed, "expected": expected, "adjusted": observed}
    limits = {"lower_95": 0.3, "upper_95": 0.5, "lower_998": 0.2, "upper_998": 0.6}
    people = {"n_persons": 100, "overdispersion": 1.0, "verdict": verdict}
    return {"district": district, **shares, **limits, **people, **ranks}


def _group(group, value, low, high, characteristic="sex", district="Norr"):
    keys = {"district": district, "characteristic": characteristic, "group": group}
    return {**keys, "more_often": value, "more_often_lower": low, "more_often_upper": high}


@pytest.fixture
def section(run, brief_with, published):
    def make(*groups, beside=(), district="Norr", language="en", pooled=None):
        rules = run.params.monitoring.model_copy(update={"pooled": pooled or {}})
        params = run.params.model_copy(update={"monitoring": rules})
        of = run.model_copy(update={"params": params})
        counts = [
            *_counts("Norr", 100, 0.25, 0.4),
            *_counts("all", 400, 0.3, 0.45),
            *_counts("all", 200, 0.2, 0.3, "sex", "female"),
            *_counts("all", 200, 0.3, 0.5, "sex", "male"),
        ]
        tables = [
            published("access", counts),
            published("access_funnel", list(beside)),
            published("access_groups", list(groups)),
        ]
        return who_gets_what(brief_with(of, *tables, district=district, language=language))

    return make


def _text(section):
    return " ".join(
        sentence.striptags() for sentence in (*section.leads, *section.blocks[0].text)
    ).replace("\xa0", " ")


def test_fewer_than_expected_is_told(section):
    made = section(beside=[_beside("Norr", 0.4, 0.46, "outside_95")])

    assert (
        made.leads[0]
        .striptags()
        .endswith(
            "started an intervention within 12 months: fewer than would be expected for people "
            "like them (46%)."
        )
    )
    assert "Within 6 months 25% had started. Half of those who start within 12" in _text(made)
    assert "from January 2019 to December 2023" in _text(made)


def test_within_the_limits_the_difference_may_be_chance(section):
    made = section(beside=[_beside("Norr", 0.4, 0.46, "inside")])

    assert "For people like them 46% would be expected; the difference may be chance." in _text(
        made
    )


def test_in_swedish_it_reads_as_swedish(section):
    made = section(beside=[_beside("Norr", 0.4, 0.46, "outside_998")], language="sv")

    assert _text(made).startswith("I Norr påbörjade 40 % av dem som började en period")


def test_only_groups_whose_range_excludes_none_are_passed_over(section):
    told = section(_group("female", -0.2, -0.3, -0.1), _group("male", 0.2, 0.1, 0.3))
    not_told = section(_group("female", -0.2, -0.4, 0.0), _group("male", 0.2, 0.0, 0.4))

    assert "start more rarely than others: women (−20 percentage points, range −30 to" in _text(
        told
    )
    assert "More often than others start: men" in _text(told)
    assert "does not say why" not in _text(not_told) and "No group here can be told" in _text(
        not_told
    )


def test_each_group_stands_with_a_picture(section):
    (table,) = section(_group("female", -0.2, -0.3, -0.1)).blocks[0].tables

    name, difference, drawn = table.rows[0]
    assert name == "Women" and table.is_open
    assert difference.striptags().startswith("−20") and "<circle" in drawn


def test_the_city_counts_its_groups(section):
    group = _group("female", -0.2, -0.3, -0.1, district="all")
    (table,) = section(group, district="all").blocks[0].tables

    name, came, share, *_ = table.rows[0]
    assert (name, came.striptags(), share.striptags()) == ("Women", "200", "30%")


def test_the_city_names_the_districts_outside_the_limits(section):
    rows = [
        _beside("Norr", 0.3, 0.45, "outside_998"),
        _beside("Syd", 0.6, 0.45, "outside_95"),
        _beside("Öst", 0.45, 0.45, "inside"),
        {**_beside("all", 0.45, 0.45, None), "rank": None},
    ]

    made = section(beside=rows, district="all")

    assert "fewer start than expected in Norr and more in Syd." in _text(made)
    (table,) = made.blocks[0].tables
    assert [row[1] for row in table.rows] == [
        "clearly fewer than expected",
        "more than expected",
        "may be chance",
    ]


def test_a_pooled_district_shows_its_areas_rows_and_says_so(section):
    made = section(district="Syd", pooled={"Norr": ("Syd", "Öst")})

    said, lead = (sentence.striptags() for sentence in made.leads)
    assert "together with its neighbours, as Norr" in said
    assert "in Norr" in lead


def test_nothing_where_nobody_was_counted(section, run, brief_with, published):
    assert who_gets_what(brief_with(run, published("access", []), district="Norr")) is None
    assert section(district="Syd") is None

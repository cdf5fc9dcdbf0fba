"""From what a municipality has to a page: persons and payments alone, the official record alone,
and each further table left out in turn, through the real notebooks.
"""

import html
import re
from datetime import date
from pathlib import Path

import line
import polars as pl
import pytest
import small_city as small

from evalkit.disclosure import read_published
from evalkit.errors import EvalkitError
from evalkit.intake import load_layouts, write_monthly_record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BEYOND_PAYMENTS = ("household_member", "intervention", "participation", "livelihood")
PRICES = {"value": {"price_book": str(small.ROOT / "params" / "unit_costs" / "stockholm.yaml")}}
WORDING = {"wording": {"value.work_training": {"sv": "arbetsträning", "en": "work training"}}}
FAILED = "misslyckades"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """The files of the small city; a test copies those that it delivers."""
    folder = tmp_path_factory.mktemp("whole") / "city"
    small.write_small_city(folder, small.DISTRICTS)
    return folder


@pytest.fixture
def run_of(city, tmp_path):
    """A run of some of the city's tables: from its files to its pages."""

    def run(tables, *, protocols=(), changes=None, own=None):
        folder = tmp_path / "city"
        folder.mkdir()
        for path in city.iterdir():
            if path.stem in tables:
                (folder / path.name).write_bytes(path.read_bytes())
        for name, table in (own or {}).items():
            table.write_parquet(folder / f"{name}.parquet")
        file = small.write_run(tmp_path, changes or {}, protocols, city=folder)
        line.check_line(file)
        return line.run_line(file, out=tmp_path / "runs")

    return run


def _tables(city: Path) -> set[str]:
    return {path.stem for path in city.iterdir() if path.suffix in (".csv", ".parquet")}


def _text(page: Path) -> str:
    text = re.sub(
        r"<(script|style|svg).*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def _pages(run) -> dict[str, str]:
    site = run.run_dir / "site" / "sv"
    return {path.relative_to(site).as_posix(): _text(path) for path in site.rglob("*.html")}


def _of_persons(city: Path) -> pl.DataFrame:
    """The payments with each household named after its applicant."""
    leads = (
        pl.read_parquet(city / "household_member.parquet")
        .filter(role="lead")
        .unique(["household_id", "month"], keep="first")
        .select("household_id", "month", "person_id")
    )
    payments = pl.read_parquet(city / "income_support.parquet")
    return (
        payments.join(leads, on=["household_id", "month"])
        .with_columns(household_id="person_id")
        .drop("person_id")
        .unique(["household_id", "month"], keep="first")
    )


def _delivered(run) -> dict[str, str]:
    rows = read_published(run.run_dir, "deliveries").data.filter(column="all")
    return dict(rows.select("table", "delivery").iter_rows())


def test_persons_and_payments_alone_reach_the_pages(city, run_of):
    run = run_of(("person",), own={"income_support": _of_persons(city)})

    delivered = _delivered(run)
    assert {name for name, word in delivered.items() if word == "delivered"} == {
        "person",
        "income_support",
    }
    pages = _pages(run)
    assert not any(FAILED in text for text in pages.values())
    assert "månader i snitt med ekonomiskt bistånd" in pages["alvsjo.html"]
    assert "Inte levererat: vilka som ingår i hushållen" in pages["alvsjo.html"]
    assert "Försörjning månad för månad: inte levererat." in pages["evidence/alvsjo.html"]
    assert "Ingen insats finns i det levererade underlaget" in pages["index.html"]
    spells = pl.read_parquet(run.run_dir / "work" / "support_spells.parquet")
    assert set(spells["exit"].drop_nulls()) == {"unknown"}


def test_the_official_record_alone_reaches_the_pages(city, run_of, tmp_path):
    tables = {
        name: pl.read_parquet(city / f"{name}.parquet").with_columns(
            pl.col("^month$").cast(pl.Date)
        )
        for name in ("person", "income_support", "household_member")
    }
    months = [date(2020 + n // 12, n % 12 + 1, 1) for n in range(24)]
    records = tmp_path / "city"
    records.mkdir()
    codes = {name: f"{n:02}" for n, name in enumerate(small.DISTRICTS, start=1)}
    for year in (2020, 2021):
        write_monthly_record(
            tables,
            records / f"monthly_record_{year}12.txt",
            months=[month for month in months if month.year == year],
            municipality="0180",
            district_codes=codes,
            layouts=load_layouts(),
        )
    changes = {
        "districts": ["01", "02"],
        "extract": small.RUN["extract"]
        | {"first_month": "2020-01", "data_through": "2021-12", "mapping": None},
    }
    file = small.write_run(tmp_path, changes, (), city=records)

    line.check_line(file)
    run = line.run_line(file, out=tmp_path / "runs")

    assert {name for name, word in _delivered(run).items() if word == "delivered"} == {
        "person",
        "income_support",
        "household_member",
    }
    assert "månader i snitt med ekonomiskt bistånd" in _pages(run)["01.html"]


@pytest.mark.parametrize(
    "table",
    [
        *BEYOND_PAYMENTS,
        *(pytest.param(table, marks=pytest.mark.prove) for table in small.OPTIONAL),
    ],
)
def test_each_table_may_be_left_out_where_nothing_asks_for_it(city, run_of, table):
    kept = _tables(city) - {table}
    own = {"income_support": _of_persons(city)} if table == "household_member" else {}

    run = run_of(kept - set(own), own=own, changes=WORDING)

    assert _delivered(run)[table] == "not_delivered"
    assert not any(FAILED in text for text in _pages(run).values())
    is_derived = table == "household_member"
    assert (run.run_dir / "work" / f"{table}.parquet").exists() == is_derived


def test_effects_on_support_itself_need_no_livelihood(city, run_of):
    protocol = small.PROTOCOL | {
        "primary_outcome": "without_support",
        "leavers_in_month_one": "stay",
    }
    kept = ("person", "income_support", "household_member", "intervention", "participation")

    run = run_of(kept, protocols=[protocol], changes=PRICES | WORDING)

    status = read_published(run.run_dir, "effect_status").data
    assert "jobbtorg_coaching" in set(status["intervention_id"])
    pages = _pages(run)
    assert "Försörjning månad för månad: inte levererat." in pages["evidence/all.html"]
    assert "vad samhället vinner går inte att säga" in pages["index.html"]
    # Having left support is called so, and never work: on the answer, its evidence and the sheet.
    not_work = "Att vara utan ekonomiskt bistånd är inte detsamma som att arbeta"
    assert not_work in pages["index.html"]
    assert not_work in pages["interventions/jobbtorg-coaching.html"]
    sheet = pages["people/jobbtorg-coaching.html"]
    assert "var utan ekonomiskt bistånd" in sheet
    assert "arbete" not in sheet.lower()


@pytest.mark.parametrize(
    ("without", "named"),
    [
        (("participation",), "participation (asked for by effects.protocols, protocol coaching)"),
        (
            ("livelihood",),
            "livelihood or else income_support.exit_reason or else participation.end_reason "
            "(asked for by effects.protocols, protocol coaching: primary_outcome work)",
        ),
    ],
)
def test_what_a_protocol_asks_for_is_refused_before_the_run(city, run_of, without, named):
    own = {}
    if "livelihood" in without:
        own["participation"] = pl.read_parquet(city / "participation.parquet").drop("end_reason")
    with pytest.raises(EvalkitError) as caught:
        run_of(
            _tables(city) - set(without) - set(own),
            own=own,
            protocols=[small.PROTOCOL],
            changes=WORDING,
        )

    assert named in str(caught.value)


PERSONS = pl.DataFrame({"person_id": [f"P-{n:02}" for n in range(12)], "district": ["Älvsjö"] * 12})
ONE_MONTH = {
    "districts": ["Älvsjö"],
    "extract": small.RUN["extract"]
    | {"first_month": "2021-01", "data_through": "2021-06", "mapping": None},
}


def _payments(n_persons: int, n_months: int) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (f"P-{n:02}", date(2021, month, 1), "Älvsjö")
            for n in range(n_persons)
            for month in range(1, n_months + 1)
        ],
        schema={"household_id": pl.String, "month": pl.Date, "district": pl.String},
        orient="row",
    )


@pytest.mark.parametrize(
    ("n_persons", "n_months"),
    [(12, 1), (12, 6), (1, 1), (0, 0)],
    ids=["a_month", "six_months", "one_person", "nobody"],
)
def test_a_dozen_persons_in_one_district_reach_the_pages(run_of, n_persons, n_months):
    run = run_of(
        (),
        own={"person": PERSONS, "income_support": _payments(n_persons, n_months)},
        changes=ONE_MONTH,
    )

    pages = _pages(run)
    assert "Inte levererat:" in pages["alvsjo.html"]
    assert not any(FAILED in text for text in pages.values())

from pathlib import Path

import polars as pl
import pytest

from evalkit.economics import load_price_book
from evalkit.errors import ParameterError
from evalkit.intake import admit
from evalkit.simulate import write_city
from evalkit.simulate.city.city import City
from evalkit.simulate.register.city_folder import is_simulated

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CONTRACTS, MAPPING = (
    ROOT / "data_contracts",
    ROOT / "data_contracts" / "mappings" / "simulated_city.yaml",
)
REQUIRED = {
    "person",
    "income_support",
    "household_member",
    "livelihood",
    "participation",
    "intervention",
}
OPTIONAL = {
    "capacity",
    "follow_up",
    "plan",
    "assessment",
    "account",
    "population",
    "need",
    "outreach",
    "action",
}


@pytest.fixture(scope="module")
def written(small_city, tmp_path_factory):
    price_book = load_price_book(ROOT / "params/unit_costs/stockholm.yaml").model_dump()
    return write_city(
        small_city,
        tmp_path_factory.mktemp("city") / "one",
        seed=4,
        n_people=1_200,
        n_truth_people=200,
        price_book=price_book,
    )


@pytest.fixture(scope="module")
def in_chunks(small_city, tmp_path_factory):
    return write_city(
        small_city,
        tmp_path_factory.mktemp("city") / "many",
        seed=4,
        n_people=1_200,
        chunk_people=500,
    )


def test_write_city_writes_the_tables_of_the_contracts(written):
    found = {path.stem for path in written.folder.iterdir() if path.suffix in (".csv", ".parquet")}

    assert found == REQUIRED | OPTIONAL


def test_a_simulated_city_is_known_by_its_folder(written, tmp_path):
    assert is_simulated(written.folder) and not is_simulated(written.truth)
    assert not is_simulated(tmp_path)


def test_write_city_keeps_the_truth_apart(written):
    assert written.truth.parent == written.folder.parent
    assert {path.name for path in written.truth.iterdir()} == {
        "README.md",
        "curves.parquet",
        "months.parquet",
        "timing.parquet",
        "planted.parquet",
        "programmes.parquet",
        "rollouts.parquet",
        "value.parquet",
    }


@pytest.mark.parametrize("folder", ["written", "in_chunks"])
def test_intake_admits_every_row(folder, request, small_city):
    city: City = small_city
    admission = admit(
        request.getfixturevalue(folder).folder,
        CONTRACTS,
        districts=city.district_names,
        first_month=city.first_month,
        data_through=city.first_month.replace(year=city.first_month.year + 5, month=6),
        mapping=MAPPING,
    )

    assert {name for name, table in admission.tables.items() if len(table)} == REQUIRED | OPTIONAL
    assert admission.rejected.is_empty()
    assert admission.assumptions.filter(
        pl.col("assumption").str.contains("not in the contract")
    ).is_empty()


@pytest.mark.parametrize(
    "table",
    [
        "person",
        "income_support",
        "household_member",
        "livelihood",
        "participation",
        "follow_up",
        "plan",
        "assessment",
    ],
)
def test_rows_do_not_depend_on_the_chunks(written, in_chunks, table):
    whole = pl.read_parquet(written.folder / f"{table}.parquet")

    parts = pl.concat(
        [pl.read_parquet(path) for path in sorted(in_chunks.folder.glob(f"{table}_*.parquet"))]
    )

    assert parts.sort(parts.columns).equals(whole.sort(whole.columns))


@pytest.mark.parametrize("table", ["outreach", "capacity", "account"])
def test_city_tables_do_not_depend_on_the_chunks(written, in_chunks, table):
    assert (written.folder / f"{table}.csv").read_bytes() == (
        in_chunks.folder / f"{table}.csv"
    ).read_bytes()


def test_write_city_gives_the_same_bytes_again_and_replaces_an_earlier_city(
    small_city, written, tmp_path
):
    write_city(small_city, tmp_path / "city", seed=9, n_people=400, n_truth_people=40)

    write_city(small_city, tmp_path / "city", seed=4, n_people=1_200)

    assert all(
        path.read_bytes() == (written.folder / path.name).read_bytes()
        for path in (tmp_path / "city").glob("*.*")
    )
    assert not (tmp_path / "city_truth").exists()


def test_write_city_replaces_nothing_beside_it_that_is_no_truth(small_city, tmp_path):
    for folder in ("city", "city_truth"):
        write_city(small_city, tmp_path / folder, seed=9, n_people=200)

    with pytest.raises(ParameterError, match="no simulated city") as fault:
        write_city(small_city, tmp_path / "city", seed=9, n_people=400)

    assert f"where: {tmp_path / 'city_truth'}" in str(fault.value)
    assert pl.read_parquet(tmp_path / "city" / "person.parquet").height == 200


def test_truth_lies_beside_the_folder_that_one_is_in(small_city, tmp_path, monkeypatch):
    (tmp_path / "city").mkdir()
    monkeypatch.chdir(tmp_path / "city")

    write_city(small_city, ".", seed=8, n_people=400, n_truth_people=40)
    written = write_city(small_city, ".", seed=9, n_people=200, n_truth_people=40)

    assert written.truth == tmp_path / "city_truth"
    assert (tmp_path / "city_truth" / "curves.parquet").exists() and len(
        pl.read_parquet("person.parquet")
    ) == 200


def test_readme_names_sources_grades_and_the_contracts(written):
    text = (written.folder / "README.md").read_text(encoding="utf-8")

    assert "Nobody in these tables exists" in text
    assert "statistik.stockholm.se b020 and b021" in text
    assert "The tables keep the contracts in data_contracts/" in text


def test_write_city_refuses_a_folder_that_holds_something_else(small_city, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(ParameterError) as fault:
        write_city(small_city, tmp_path, seed=1, n_people=100)

    assert str(fault.value).splitlines() == [
        "The folder holds something that is no simulated city.",
        f"  where: {tmp_path}",
        "  why:   Writing a city replaces the folder's content.",
        "  fix:   give an empty or a new folder with --out.",
    ]
    assert (tmp_path / "notes.txt").exists()


def test_write_city_refuses_an_odd_number_of_people(small_city, tmp_path):
    with pytest.raises(ParameterError) as fault:
        write_city(small_city, tmp_path / "city", seed=1, n_people=101)

    assert str(fault.value).splitlines() == [
        "A number of people is odd or too small.",
        "  where: people",
        "  why:   Adults are simulated in slots of two, so that couples stay together.",
        "  fix:   give an even number, for example 30000.",
    ]


def test_protocols_and_run_file_fit_the_city(stockholm):
    from evalkit.effects import load_protocol
    from evalkit.params import RunFile
    from evalkit.records import load

    run = load(ROOT / "params" / "stockholm.yaml", RunFile)
    protocols = [
        load_protocol(path, n_months=stockholm.n_months, districts=run.districts)
        for path in sorted((ROOT / "params" / "protocols").glob("stockholm_*.yaml"))
    ]

    assert list(run.districts) == stockholm.district_names
    assert {one.intervention_id for one in protocols} <= {
        one.intervention_id for one in stockholm.interventions
    }
    assert len(protocols) == 3


def test_read_me_says_when_selection_is_hidden(small_city, tmp_path):
    city = small_city.in_worlds("persistent", strength=0.5)
    write_city(city, tmp_path / "city", seed=4, n_people=200)

    text = (tmp_path / "city" / "README.md").read_text(encoding="utf-8")
    assert "that no table holds and that lasts adds +0.5 to the log start rates" in text


def test_the_truth_holds_values_to_each_actor_and_their_sum_at_every_quoted_month(written):
    values = pl.read_parquet(written.truth / "value.parquet")

    by = [
        "population",
        "intervention_id",
        "district",
        "district_basis",
        "comparison",
        "horizon_months",
    ]
    own = ~pl.col("actor").is_in(["public_purse", "society"])
    sums = values.group_by(by).agg(
        parts=pl.col("value").filter(own).sum(),
        whole=pl.col("value").filter(pl.col("actor") == "society").sum(),
    )
    assert sorted(values["horizon_months"].unique()) == [24, 36, 60]
    assert (sums["parts"] - sums["whole"]).abs().max() < 1e-6
    assert set(values["currency"]) == {"SEK"}

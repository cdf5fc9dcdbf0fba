"""What a municipality has: a simulated county written as official monthly records, with its list of
participation and exit reasons of which three in ten are missing, from files to pages; beside the
same county with all that its people live on.
"""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml
from line import check_line, run_line

from evalkit.intake import admit, load_layouts, write_monthly_record
from evalkit.months import add_months
from evalkit.params import Run
from evalkit.simulate import load_city, write_city
from evalkit.tables import CITY

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CONTRACTS, MAPPING = ROOT / "data_contracts", ROOT / "data_contracts/mappings/simulated_city.yaml"
FIRST, N_YEARS, N_PEOPLE, MISSING = date(2014, 1, 1), 8, 2_000, 0.3
# A household's reason is its applicant's, and told of the co-applicant as well.
OF_COUPLES = 0.01
# What a share of some thousand exits may differ by since three in ten reasons are missing.
BY_CHANCE = 0.05
CODES = {
    "Uppsala": "0380",
    "Enköping": "0381",
    "Östhammar": "0382",
    "Heby": "0331",
    "Håbo": "0305",
    "Knivsta": "0330",
}
PROTOCOL = {
    "protocol": "work_hall",
    "intervention_id": "work_hall",
    "title": {"sv": "Komhall"},
    "question": {"sv": "Vad ändrar det att börja nu?"},
    "eligibility": {"from_month": 26, "to_month": 60},
    "follow_up_months": 24,
    "primary_outcome": "without_support",
    "leavers_in_month_one": "stay",
    "outcomes": [
        *("work", "studies", "subsidised_work", "sheltered_work", "training"),
        *("sickness_benefit", "pension", "support", "out", "unknown"),
    ],
    "covariates": [
        {"name": "months_on_support", "kind": "elapsed"},
        {"name": "female", "kind": "person", "column": "sex", "equals": "female"},
        {"name": "past_support_share", "kind": "history_share", "outcome": "support"},
    ],
}


def _run_file(folder: Path, name: str, extract: Path, mapping: Path, **more) -> Path:
    content = {
        "run": name,
        "title": {"sv": "Simulerat län"},
        "languages": ["sv"],
        "districts": list(CODES),
        "districts_are": "municipalities",
        "seed": 1,
        "contracts": str(CONTRACTS),
        "notebooks": str(ROOT / "notebooks"),
        "extract": {
            "folder": str(extract),
            "mapping": str(mapping),
            "first_month": "2014-01",
            "data_through": "2021-12",
            "is_simulated": True,
        },
        "spells": {"max_gap_months": 2},
        "survival": {"horizon_months": 36, "quoted_months": [12, 24, 36]},
        **more,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def county(tmp_path_factory) -> Path:
    """The full county, and what is registered of it as records."""
    folder = tmp_path_factory.mktemp("county")
    city = load_city("uppsala_county", ROOT / "params" / "cities")
    write_city(city, folder / "full", seed=1, n_people=N_PEOPLE)
    write_city(city, folder / "registered", seed=1, n_people=N_PEOPLE, missing_reasons=MISSING)
    tables = admit(
        folder / "registered",
        CONTRACTS,
        districts=(),
        first_month=FIRST,
        data_through=date(2021, 12, 1),
        mapping=MAPPING,
    ).tables
    records = folder / "records"
    records.mkdir()
    for year in range(N_YEARS):
        months = [add_months(FIRST, 12 * year + month) for month in range(12)]
        write_monthly_record(
            tables,
            records / f"monthly_record_{FIRST.year + year}-12.txt",
            months=months,
            municipality=CODES,
            layouts=load_layouts(CONTRACTS),
        )
    for name in ("participation.parquet", "intervention.csv"):
        (records / name).write_bytes((folder / "registered" / name).read_bytes())
    codes = {"codes": {"district": {code: name for name, code in CODES.items()}}}
    mapping = {"source": "records", "tables": {"person": codes, "income_support": codes}}
    (folder / "mapping.yaml").write_text(
        yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def from_records(county) -> Run:
    (county / "protocol.yaml").write_text(
        yaml.safe_dump(PROTOCOL, allow_unicode=True), encoding="utf-8"
    )
    effects = {"protocols": ["protocol.yaml"], "n_draws": 10}
    run_file = _run_file(
        county, "records", county / "records", county / "mapping.yaml", effects=effects
    )
    check_line(run_file)
    return run_line(run_file, out=county / "runs")


@pytest.fixture(scope="module")
def from_all(county) -> Run:
    run_file = _run_file(county, "full", county / "full", MAPPING)
    return run_line(run_file, out=county / "runs", last="city/00_prepare")


def _published(run: Run, name: str) -> pl.DataFrame:
    return pl.read_parquet(run.run_dir / "published" / f"{name}.parquet")


def test_records_run_to_pages_with_an_effect_on_support(from_records):
    pages = [path.stem for path in (from_records.run_dir / "site" / "sv").glob("*.html")]
    summary = _published(from_records, "effect_summary").filter(outcome="months_without_support")

    assert {"index", "uppsala", "heby"} <= set(pages)
    assert summary.filter(district=CITY)["status"].to_list().count("ok") > 0
    page = (from_records.run_dir / "site" / "sv" / "index.html").read_text(encoding="utf-8")
    assert "utan ekonomiskt bistånd" in page


def test_months_on_support_are_those_of_the_full_data(from_records, from_all):
    keys = ["district", "horizon_months"]
    both = _published(from_all, "time_on_support").join(
        _published(from_records, "time_on_support"), on=keys, suffix="_of_records"
    )

    assert both.height >= 3 * len(CODES)
    assert both.filter(~pl.col("estimate_of_records").is_between("ci_lower", "ci_upper")).is_empty()
    # The same months are paid: the county as one is the same to the last digit.
    county = both.filter(district=CITY)
    assert county["estimate"].to_list() == pytest.approx(county["estimate_of_records"].to_list())


def test_exits_by_reason_hold_those_of_the_full_data_between_their_bounds(from_records, from_all):
    known = dict(
        _published(from_records, "exits").filter(district=CITY).select("exit", "share").rows()
    )
    full = dict(_published(from_all, "exits").filter(district=CITY).select("exit", "share").rows())
    shared = [name for name in full if full[name] is not None and known.get(name) is not None]

    assert {"work", "studies", "still_on_support", "unknown"} <= set(shared)
    for name in shared:
        if name != "unknown":
            assert known[name] <= full[name] + OF_COUPLES, name
            assert full[name] <= known[name] + known["unknown"], name
    # What is missing is missing at random: of the known exits as many go to work.
    to_work, of_all = (
        shares["work"] / (1 - shares["unknown"] - shares["still_on_support"])
        for shares in (known, full)
    )
    assert to_work == pytest.approx(of_all, abs=BY_CHANCE)

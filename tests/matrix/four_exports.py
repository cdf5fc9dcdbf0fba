"""Four exports of the simulated Exempelstad, as a municipality might have them: clients, payments
by client and month, interventions, and who took part. Headings and codes are Swedish and invented;
what people live on after support is not in them.
"""

from pathlib import Path

import polars as pl

from evalkit.simulate import load_city, write_city

ROOT = Path(__file__).parents[2]
SEX = {"female": "Kvinna", "male": "Man"}
EDUCATION = {
    "compulsory_or_less": "Förgymnasial",
    "upper_secondary": "Gymnasial",
    "post_secondary": "Eftergymnasial",
}
ORIGIN = {"native": "Sverige", "nordic": "Norden", "eu": "EU", "other": "Utanför EU"}


def write_four_exports(folder: Path, *, city: Path, n_people: int, seed: int = 1) -> None:
    """Simulate the city's people into one folder, and write the exports into another."""
    write_city(
        load_city("demo_city", ROOT / "params" / "cities"),
        city,
        seed=seed,
        n_people=n_people,
        n_truth_people=0,
    )
    person, support, members, interventions, participation = map(
        lambda table: _read(city, table),
        ("person", "income_support", "household_member", "intervention", "participation"),
    )
    tables = {
        "Klienter": person.select(
            "district",
            Klientnr="person_id",
            Kön=pl.col("sex").replace(SEX),
            Födelseår="birth_year",
            Utbildningsnivå=pl.col("education").replace(EDUCATION),
            Födelseregion=pl.col("origin").replace(ORIGIN),
        ).rename({"district": "Stadsdel"}),
        "Utbetalningar": support.join(
            members.select("household_id", "person_id", "month"), on=["household_id", "month"]
        ).select(
            pl.col("person_id").alias("Klientnr"),
            pl.col("month").str.slice(0, 7).str.replace("-", "").alias("Avser månad"),
            pl.col("amount").str.replace(".", ",", literal=True).alias("Utbetalt belopp"),
            pl.col("district").alias("Stadsdel"),
        ),
        "Insatser": interventions.select(
            pl.col("intervention_id").alias("Insatskod"),
            pl.col("name").alias("Insatsnamn"),
            pl.col("kind").alias("Insatstyp"),
            pl.col("planned_months").alias("Planerad längd (mån)"),
        ),
        "Deltagare": participation.select(
            pl.col("person_id").alias("Klientnr"),
            pl.col("intervention_id").alias("Insatskod"),
            pl.col("start").alias("Startdatum"),
            pl.col("end").str.to_date().dt.offset_by("-1d").dt.to_string().alias("T.o.m."),
            pl.col("end_reason").alias("Avslutsorsak"),
        ),
    }
    folder.mkdir(parents=True)
    for name, table in tables.items():
        table.write_csv(folder / f"{name}.csv", separator=";")


def _read(city: Path, table: str) -> pl.DataFrame:
    """A table of the city, all of it as text."""
    path = city / f"{table}.parquet"
    if path.exists():
        return pl.read_parquet(path).cast(pl.String)
    return pl.read_csv(city / f"{table}.csv", infer_schema=False)

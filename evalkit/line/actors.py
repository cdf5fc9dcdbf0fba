"""Who pays and who gains: the actors of the ledger, and which of them make up each perspective. The
one place where this is declared.

`resources` is no actor: it is the other side of a posting that uses up or creates real resources.
What the actors lose or gain together is what resources gain or lose, so it is society's value.
"""

import polars as pl

RESOURCES = "resources"

# Taxpayers bear the excess burden of taxation only; the money itself is the public purse's.
ACTORS = pl.DataFrame(
    [
        ("person", False),
        ("other_household", False),
        ("district", True),
        ("other_district", True),
        ("city", True),
        ("region", True),
        ("public_employment_service", True),
        ("social_insurance_agency", True),
        ("student_aid", True),
        ("state", True),
        ("employer", False),
        ("displaced_others", False),
        ("taxpayers", False),
    ],
    schema={"actor": pl.String, "is_public_purse": pl.Boolean},
    orient="row",
)

ACTOR_NAMES: tuple[str, ...] = tuple(ACTORS["actor"])
PUBLIC_PURSE: tuple[str, ...] = tuple(ACTORS.filter("is_public_purse")["actor"])

PERSPECTIVES: dict[str, tuple[str, ...]] = {
    "person": ("person",),
    "district": ("district",),
    "public_purse": PUBLIC_PURSE,
    "society": ACTOR_NAMES,
}

# The municipality is the districts and the city together: the district pays, the city gets the tax.
MUNICIPALITY: tuple[str, ...] = ("district", "other_district", "city")
RESULT_PERSPECTIVES: dict[str, tuple[str, ...]] = {
    "person": PERSPECTIVES["person"],
    "district": PERSPECTIVES["district"],
    "municipality": MUNICIPALITY,
    "public_purse": PUBLIC_PURSE,
    "society": ACTOR_NAMES,
}

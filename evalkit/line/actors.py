"""Who pays and who gains: the actors of the ledger, and which of them make up each perspective. The
one place where this is declared: an actor added here needs a word in each language and a posting in
a price book, and no code.

`resources` is no actor: it is the other side of a posting that uses up or creates real resources.
What the actors lose or gain together is what resources gain or lose, so it is society's value.
"""

import polars as pl

RESOURCES = "resources"

# In the order of pages and charts. The municipality is the districts and the city together: the
# district pays, the city gets the tax. Taxpayers bear the excess burden of taxation only; the money
# itself is the public purse's.
ACTORS = pl.DataFrame(
    [
        ("person", False, False),
        ("other_household", False, False),
        ("district", True, True),
        ("other_district", True, True),
        ("city", True, True),
        ("region", True, False),
        ("public_employment_service", True, False),
        ("social_insurance_agency", True, False),
        ("student_aid", True, False),
        ("state", True, False),
        ("employer", False, False),
        ("displaced_others", False, False),
        ("taxpayers", False, False),
    ],
    schema={"actor": pl.String, "is_public_purse": pl.Boolean, "is_municipality": pl.Boolean},
    orient="row",
)

ACTOR_NAMES: tuple[str, ...] = tuple(ACTORS["actor"])
PUBLIC_PURSE: tuple[str, ...] = tuple(ACTORS.filter("is_public_purse")["actor"])
MUNICIPALITY: tuple[str, ...] = tuple(ACTORS.filter("is_municipality")["actor"])

PERSPECTIVES: dict[str, tuple[str, ...]] = {
    "person": ("person",),
    "district": ("district",),
    "public_purse": PUBLIC_PURSE,
    "society": ACTOR_NAMES,
}
# Where value is shown through time and in ratios, the municipality has a perspective of its own.
PERSPECTIVES_WITH_MUNICIPALITY: dict[str, tuple[str, ...]] = {
    "person": PERSPECTIVES["person"],
    "district": PERSPECTIVES["district"],
    "municipality": MUNICIPALITY,
    "public_purse": PUBLIC_PURSE,
    "society": ACTOR_NAMES,
}

"""Who pays and who gains: the actors of the ledger, and which of them make up each perspective. The
one place where this is declared: an actor added here needs a word in each language and a posting in
a price book, and no code.

`resources` is no actor: it is the other side of a posting that uses up or creates real resources.
What the actors lose or gain together is what resources gain or lose, so it is society's value.

Pages tell the actors together as five payers: the person, the district, city and region, the state,
and others. Every actor belongs to one of them, so what the payers gain together is society's value.
"""

import polars as pl

from evalkit.line.looks import Look

RESOURCES = "resources"

# In the order of pages and charts. The municipality is the districts and the city together: the
# district pays, the city gets the tax. Taxpayers bear the excess burden of taxation only; the money
# itself is the public purse's.
ACTORS = pl.DataFrame(
    [
        ("person", "person", False, False),
        ("other_household", "others", False, False),
        ("district", "district", True, True),
        ("other_district", "city_region", True, True),
        ("city", "city_region", True, True),
        ("region", "city_region", True, False),
        ("public_employment_service", "state", True, False),
        ("social_insurance_agency", "state", True, False),
        ("student_aid", "state", True, False),
        ("state", "state", True, False),
        ("employer", "others", False, False),
        ("displaced_others", "others", False, False),
        ("taxpayers", "others", False, False),
    ],
    schema={
        "actor": pl.String,
        "payer": pl.String,
        "is_public_purse": pl.Boolean,
        "is_municipality": pl.Boolean,
    },
    orient="row",
)

ACTOR_NAMES: tuple[str, ...] = tuple(ACTORS["actor"])
PUBLIC_PURSE: tuple[str, ...] = tuple(ACTORS.filter("is_public_purse")["actor"])
# Whose result payments of support and time in programmes tell, where nobody knows what people live
# on: support that is no longer paid, less places. Everybody else's turns on wages and benefits.
SEEN_WITHOUT_LIVELIHOOD = ("district",)
MUNICIPALITY: tuple[str, ...] = tuple(ACTORS.filter("is_municipality")["actor"])

# In the order of pages and charts: the actors of each payer.
PAYERS: dict[str, tuple[str, ...]] = {
    payer: tuple(ACTORS.filter(pl.col("payer") == payer)["actor"])
    for payer in ("person", "district", "city_region", "state", "others")
}


# Every colour has a contrast of 4.5 to 1 or more on its ground. The sums stand beside the payers.
PAYER_LOOKS: dict[str, Look] = {
    "person": Look("#b03a72", shape="triangle-up", dark="#f08ab8"),
    "district": Look("#b8480f", shape="square", dark="#f08a55"),
    "city_region": Look("#5a4fb0", shape="triangle-down", dark="#a9a0f2"),
    "state": Look("#0b7358", shape="cross", dark="#4fc6a0"),
    "others": Look("#69727c", shape="triangle-right", dark="#a4adb7"),
    "public_purse": Look("#8a6500", shape="circle", dark="#e0b64a"),
    "society": Look("#16202a", shape="diamond", dark="#edf0f3"),
}

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

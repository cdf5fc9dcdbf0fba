"""Examples of the room simulate: a small city whose truth is known."""

# %% setup
from pathlib import Path


from evalkit import simulate
from evalkit.economics import load_price_book
from evalkit.shipped import shipped

cities = shipped("params", "cities")

# %% load_city
# What a city is assumed to be; worlds change it so that comparisons go wrong.
city = simulate.load_city("demo_city", cities)
hidden = simulate.load_city("demo_city", cities, worlds=["persistent"], strength=0.7)
city.district_names, city.n_months, hidden.selection.strength

# %% live
# What happens to two hundred people, month by month.
lives = simulate.live(city, seed=1, first=0, stop=200)
type(lives).__name__

# %% person_tables
# The tables of these lives, as a sender would deliver them.
{name: table.height for name, table in simulate.person_tables(city, lives).items()}

# %% planted_gains
simulate.planted_gains(city)

# %% write_city
# An extract in a folder; with people of the truth, that too, in a folder beside it.
written = simulate.write_city(city, Path("small_city"), seed=1, n_people=200)
written.rows

# %% is_simulated
simulate.is_simulated(Path("small_city"))

# %% simulate_truth
# What each intervention changes, from simulating everybody in both arms.
truth = simulate.simulate_truth(city, seed=1, n_people=400, eligible_share=False)
truth.months.head(4)

# %% value_truth
# What that is worth: the prices of a book, reckoned apart from the ledger of the estimates.
book = load_price_book(shipped("params", "unit_costs", "stockholm.yaml")).model_dump()
simulate.value_truth(truth.curves, book, programmes=truth.programmes, horizon_months=24).head(4)

# %% rollout_truth
# What a change of a district's way of working truly does to exits, month by month.
simulate.rollout_truth(city, seed=1, n_people=200).head(4)

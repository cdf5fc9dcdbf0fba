"""The README of a simulated city: what it is, what was assumed with which source and grade, and
what its tables leave out.
"""

from evalkit.simulate.city.city import City
from evalkit.simulate.register.city_tables import sample_share
from evalkit.vocabulary import TABLE_LANGUAGE, in_language

HEADING, TRUTH_HEADING = "# Simulated city", "# The truth of a simulated city"


def readme_text(
    city: City,
    rows: dict[str, int],
    *,
    seed: int,
    n_people: int,
    missing_reasons: float | None = None,
) -> str:
    """The text of README.md; `rows` counts the rows of each table."""
    earlier = "in something else neither helps nor hinders a start"
    if city.earlier_participation:
        earlier = "in something before moves these rates, as said below"
    only_registered = ""
    if missing_reasons is not None:
        only_registered = (
            "* Written is what a municipality registers: no livelihoods, but the reason why a "
            f"household's support ended; {missing_reasons:.0%} of the reasons are missing at "
            "random.\n"
        )
    return f"""{HEADING}: {in_language(city.title, TABLE_LANGUAGE)}

Nobody in these tables exists. They show a method and prove it, because here the truth is known;
they say nothing about the real city. The tables keep the contracts in data_contracts/; `person` has
more columns, which data_contracts/mappings/simulated_city.yaml declares.

* {n_people:,} adults, seed {seed}, {city.n_months} months from {city.first_month:%Y-%m};
  {sample_share(city, n_people):.2f} of the whole city. `population`, `need` and the places in
  `capacity` are scaled to that share; `account` is the whole city's, in the source's amounts.
* Selection into interventions: {_selection(city)}.
* Who starts: people on support in the month before, at rates by district, season, months on support
  and the columns of `person`. Taking part {earlier}; places shape the rates, but nobody queues, so
  one person's place changes nobody else's.
{only_registered}{_switch_lines(city)}\
* Adults only; children are a number in `person`. A couple in need together is one household (lead,
  co_applicant). With a partner who earns, no support is paid, and the livelihood of the one without
  income is not on record. An adult with an income of their own (studies, sickness benefit) is not
  listed as a member.
* Livelihoods other than support last at least {city.process.minimum_stay_months} months. Now and
  then a payment is missed for a month.
* The district in `person` is the one in the first month; `income_support.district` is the one that
  paid. Interventions work as in the district of the time.
* `end_reason` in `participation` is what a district would count: work, studies, benefit and
  job_centre are "ended". It is no effect.
* The truth, if it was asked for, lies beside this folder, in a folder of the same name that ends in
  _truth; no run reads it.

| table | rows |
|---|---|
{_table_lines(rows)}

| assumption | source | grade |
|---|---|---|
{_basis_lines(city)}
"""


def truth_readme_text(city: City, *, seed: int, n_people: int) -> str:
    """The text of the README of the truth's folder."""
    return f"""{TRUTH_HEADING}: {in_language(city.title, TABLE_LANGUAGE)}

For tests and for whoever wants to see how near a run came; no run reads it. From {n_people:,}
adults, seed {seed}, simulated with and without each intervention. Work is unsubsidised work; curves
run to month 60 from the start; values (if a price book was given) are present values per
participant, in that book's money.
"""


def _selection(city: City) -> str:
    """By what people are chosen, beside what the city's interventions declare."""
    chosen = city.selection
    if chosen is None or not chosen.strength:
        return "only on what the tables hold"
    told = []
    if chosen.hidden:
        every = chosen.renewed_every_months
        lasts = f"is drawn anew every {every} months" if every else "lasts"
        told.append(
            f"a standard deviation of a trait that no table holds and that {lasts} adds "
            f"{chosen.strength * chosen.hidden:+g} to the log start rates, and "
            f"{city.process.hidden_to_work:+g} to the one into work, {chosen.to_studies:+g} into "
            f"studies, {chosen.to_benefit:+g} into sickness benefit and pension"
        )
    if chosen.past_work:
        told.append(
            f"{chosen.strength * chosen.past_work:+g} on the log start rates by the share of the "
            "months in the tables so far that were spent in work"
        )
    return f"also beyond what interventions declare: {'; '.join(told)}"


def _switch_lines(city: City) -> str:
    """What a world has switched on; nothing where the city is as it is."""
    lines = []
    if rules := city.earlier_participation:
        again = (
            f"{rules.starts_after_this:+g} more where it was this one"
            if rules.may_start_again
            else "nobody starts the same one twice"
        )
        since = (
            ""
            if rules.first_start_month is None
            else f", and nothing starts before month {rules.first_start_month} (the first one is 0)"
        )
        lines.append(
            f"* Earlier participation is switched on: {rules.starts_after_any:+g} on the log start "
            f"rates after any intervention, {again}; half of a "
            f"gain is left after {rules.gain_half_life_months:g} months{since}.\n"
        )
    if rules := city.next_step:
        prepared = [f"{gain:+g} after {name}" for name, gain in rules.starts_of_higher.items()]
        lines.append(
            "* Preparing is switched on: on the log start rates of interventions on higher steps "
            f"{', '.join(prepared)}.\n"
        )
    if rules := city.newcomers:
        lines.append(
            f"* Newcomers are switched on: {rules.arrival_share:.0%} of the adults come from "
            "abroad during the city's years or the burn-in before them, and the rate from work "
            f"back to support is {rules.returns:g} times the city's.\n"
        )
    if rules := city.calendar:
        moved = [
            ", ".join(f"{level:+g} in month {month}" for month, level in sorted(levels.items()))
            for levels in (rules.to_work, rules.starts)
        ]
        lines.append(
            f"* Calendar time is switched on: on the log rate from support into work {moved[0]}; "
            f"on the log start rates {moved[1]}.\n"
        )
    return "".join(lines)


def _table_lines(rows: dict[str, int]) -> str:
    return "\n".join(f"| {name} | {count:,} |" for name, count in sorted(rows.items()))


def _basis_lines(city: City) -> str:
    bases = [
        ("districts", city.districts.basis),
        ("size of the whole city", city.full_city_basis),
        ("people", city.people.basis),
        ("process", city.process.basis),
        ("readiness", city.readiness.basis),
        ("support", city.amounts.basis),
        *[(f"intervention {entry.intervention_id}", entry.basis) for entry in city.interventions],
        *[(f"roll-out {rollout.action}", rollout.basis) for rollout in city.rollouts],
    ]
    bases += [("programme of actions", city.programme.basis)] if city.programme else []
    bases += [("common process", city.common_process.basis)] if city.common_process else []
    bases += [("accounts", city.accounts.basis)] if city.accounts else []
    bases += [(name.replace("_", " "), switch.basis) for name, switch in city.switches.items()]
    bases += [("needs", city.needs_basis)] if city.needs_basis else []
    bases += [("residents", city.residents.basis)] if city.residents else []
    bases += [(f"outreach {work.target_group}", work.basis) for work in city.outreach]
    return "\n".join(f"| {what} | {basis.source} | {basis.grade} |" for what, basis in bases)

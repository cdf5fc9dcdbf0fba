"""The conditions on which a vintage becomes public, each as what was found, or as a refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evalkit.batch.verify import differences, last_attempts, recorded_outputs
from evalkit.batch.vintage import input_hashes, versions
from evalkit.disclosure import read_published
from evalkit.errors import DisclosureError, ParameterError, first_few
from evalkit.months import month_number
from evalkit.params import Run
from evalkit.public.changed_people import MIN_CHANGED
from evalkit.public.register import PUBLIC, PublicVintage
from evalkit.runs import latest_of

MIN_MONTHS = 3
# The conditions that a person may leave aside for a reason that is written down.
MAY_BE_LEFT_ASIDE = ("quarter", "rules")


@dataclass(frozen=True)
class Check:
    """A condition, the rule that it follows, and what was found."""

    condition: str
    rule: str
    result: str


def refuse_unknown_exceptions(exceptions: Mapping[str, str]) -> None:
    """Refuse exceptions from what may not be left aside, and those without a reason."""
    faults = [name for name in exceptions if name not in MAY_BE_LEFT_ASIDE]
    faults += [f"{name}: no reason" for name, because in exceptions.items() if not because.strip()]
    if faults:
        raise ParameterError(
            "This exception cannot be made.",
            where=f"--exception: {', '.join(faults)}",
            why="Everybody's protection rests on the other conditions, and a reason is read by "
            "whoever signs.",
            fix=f'except one of {", ".join(MAY_BE_LEFT_ASIDE)}, and say why with --because "...".',
        )


def is_whole(run: Run) -> Check:
    """Whether a vintage is what readers see, complete, and as it was made."""
    home, tables = run.run_dir.parent, recorded_outputs(run.run_dir)
    if run.params.run != home.name or run.run_dir.parent.name == PUBLIC:
        raise _refusal(
            "This folder is not that of the run whose name its record bears.",
            where=f"{run.run_dir}: run {run.params.run}",
            why="A vintage becomes public in the register of its own run.",
            fix=f"release the run where it was made: runs/{run.params.run}",
        )
    if latest_of(home) != run.run_dir.resolve():
        raise _refusal(
            "This vintage is not the one that readers of the run see.",
            where=str(run.run_dir),
            why="Only the newest finished vintage has been searched for persons as a whole.",
            fix=f"bring the run up to date (evalkit run), then: evalkit release {home}",
        )
    failed = [name for name, one in last_attempts(run.run_dir).items() if one.status != "ok"]
    if failed or not tables:
        raise _refusal(
            f"Notebooks of the vintage that did not end well: {len(failed)}.",
            where=first_few(failed) or str(run.run_dir),
            why="A page that is missing cannot follow before the next public vintage.",
            fix="mend the cause and run again: evalkit run ... --retry-failed",
        )
    if changed := differences(run.run_dir):
        raise _refusal(
            f"Files of the vintage that are not as they were made: {len(changed)}.",
            where=first_few(one.path for one in changed),
            why="What disclosure control let through is no longer what lies there.",
            fix="run again (evalkit run), and look at what changed with: evalkit verify",
        )
    _refuse_other_makings(run)
    return Check(
        "whole", "every notebook ended well, every file is as made", f"{len(tables)} files hashed"
    )


def is_not_public(run: Run, earlier: Sequence[PublicVintage]) -> None:
    """Refuse a vintage that is public already."""
    if run.run_dir.name in [vintage.name for vintage in earlier]:
        raise _refusal(
            "This vintage is public already.",
            where=str(run.run_dir.parent / PUBLIC / run.run_dir.name),
            why="What is public is never written again.",
            fix="the next one follows with new data.",
        )


def is_a_quarter_later(
    run: Run, last: PublicVintage | None, today: date, exceptions: Mapping[str, str]
) -> Check:
    """Whether data and day are both a quarter after those of the last public vintage."""
    rule = f"{MIN_MONTHS} months after the last public vintage, in the data and on the calendar"
    if last is None:
        return Check("quarter", rule, "the first public vintage")
    of_data = month_number(run.params.extract.follow_up_through) - month_number(last.month)
    of_release = month_number(today) - month_number(last.released)
    if min(of_data, of_release) < MIN_MONTHS:
        found = f"{of_data} months of data and {of_release} of the calendar after {last.name}"
        if "quarter" in exceptions:
            return Check("quarter", rule, f"EXCEPTION: {found}")
        raise _refusal(
            f"Less than a quarter has passed since the last public vintage: {found}.",
            where=str(run.run_dir),
            why="Of two vintages that lie close together the difference is a few people. What is "
            "wrong in a public vintage is mended in the next.",
            fix='wait, or: --exception quarter --because "..."',
        )
    return Check("quarter", rule, f"{of_data} and {of_release} months after {last.name}")


def has_same_rules(
    rules: Mapping[str, list[str]], last: PublicVintage | None, exceptions: Mapping[str, str]
) -> Check:
    """Whether the tables that both vintages have passed the same rules."""
    rule = "the same rules as the last public vintage, table by table"
    if last is None:
        return Check("rules", rule, "the first public vintage")
    differ = [name for name in rules if rules[name] != last.rules.get(name, rules[name])]
    if differ and "rules" not in exceptions:
        raise _refusal(
            f"Tables that do not follow the rules of the last public vintage: {len(differ)}.",
            where=f"{last.name}: {first_few(differ, 6)}",
            why="A number that is rounded in two ways is known better than either way intends.",
            fix='set the rules as they were, or: --exception rules --because "..."',
        )
    found = f"EXCEPTION: other rules in {', '.join(differ)}" if differ else f"as in {last.name}"
    return Check("rules", rule, found)


def five_people(vintage: PublicVintage, last: PublicVintage | None) -> Check:
    """What is said of the districts whose earlier numbers stand; never how many have changed."""
    rule = f"new numbers where the data of {MIN_CHANGED} people or more have changed"
    if last is None:
        return Check("five people", rule, "the first public vintage")
    held = [f"{district}: {vintage.stands[district]}" for district in vintage.held]
    found = f"earlier numbers stand, {'; '.join(held)}" if held else "new numbers everywhere"
    return Check("five people", rule, found)


def rules_of(run: Run) -> dict[str, list[str]]:
    """The rules that each table passed which the vintage's notebooks have published, and those of
    the run file.
    """
    asked = run.params.disclosure.model_dump(mode="json")
    files = map(Path, recorded_outputs(run.run_dir))
    names = sorted(
        file.stem for file in files if file.parts[0] == "published" and file.suffix == ".parquet"
    )
    of_tables = {name: list(read_published(run.run_dir, name).rules) for name in names}
    return {"run": [f"{key}:{value}" for key, value in asked.items()], **of_tables}


def _refuse_other_makings(run: Run) -> None:
    """Pages are written anew from the public tables: by the same evalkit and parameter files."""
    now = input_hashes(run, without="extract/")
    changed = [name for name, sha in now.items() if run.inputs.get(name) != sha]
    if versions()["evalkit_source"] != run.versions.get("evalkit_source"):
        changed.append("evalkit itself")
    if changed:
        raise _refusal(
            "Parameter files or evalkit have changed since the vintage was made.",
            where=f"{run.run_dir}: {first_few(changed)}",
            why="The public pages would say other things than those that were looked at.",
            fix="bring the run up to date (evalkit run), look at it, and release that.",
        )


def _refusal(what: str, *, where: str, why: str, fix: str) -> DisclosureError:
    return DisclosureError(what, where=where, why=f"{why} Nothing was released.", fix=fix)

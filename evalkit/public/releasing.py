"""A vintage becomes public: on the conditions of `conditions`, with earlier numbers where too few
people have changed, searched and attacked once more as it then stands, and entered in the register.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from evalkit.batch.lock import locked
from evalkit.params import read_run
from evalkit.public.changed_people import RESTED_ON, digest_of, key_of, stands_of, write_digest
from evalkit.public.conditions import (
    five_people,
    has_same_rules,
    is_a_quarter_later,
    is_not_public,
    is_whole,
    refuse_unknown_exceptions,
    rules_of,
)
from evalkit.public.log import write_log
from evalkit.public.register import (
    PUBLIC,
    PublicVintage,
    enter,
    public_vintages,
    write_record,
)
from evalkit.public.staging import put_together, staged_folder
from evalkit.public.under_attack import has_passed, is_attacked_in_vain
from evalkit.tables import read_tables


def make_public(
    run_dir: Path | str,
    *,
    by: str,
    exceptions: Mapping[str, str] | None = None,
    today: date | None = None,
) -> PublicVintage:
    """Make the vintage that readers of a run see public, for ever.

    Parameters
    ----------
    run_dir : path
        The run's folder, or that of its latest vintage.
    by : str
        Who answers for it, as the log names them.
    exceptions : mapping of str to str, optional
        The written reason by condition that is left aside: "quarter" or "rules".
    today : date, optional
        The day of the release; by default the computer's.

    Returns
    -------
    PublicVintage
        As it lies in runs/NAME/public/.

    Raises
    ------
    DisclosureError
        If a condition does not hold, or an earlier public vintage is not as it was released.
    BatchError
        If the run is being executed.
    """
    exceptions, today = dict(exceptions or {}), today or date.today()
    refuse_unknown_exceptions(exceptions)
    run = read_run(run_dir)
    home, name = run.run_dir.parent, run.run_dir.name
    whole = is_whole(run)
    with locked(home):
        earlier = public_vintages(home)
        last = earlier[-1] if earlier else None
        is_not_public(run, earlier)
        rules = rules_of(run)
        checks = [
            whole,
            has_passed(run.run_dir),
            is_a_quarter_later(run, last, today, exceptions),
            has_same_rules(rules, last, exceptions),
        ]
        digest = digest_of(read_tables(run.run_dir, *RESTED_ON), key_of(home))
        vintage = PublicVintage(
            folder=home / PUBLIC / name,
            run=run.params.run,
            number=len(earlier) + 1,
            released=today,
            released_by=by,
            stands=stands_of(run, digest, last),
            rules=rules,
            exceptions=exceptions,
            files={},
        )
        checks.append(five_people(vintage, last))
        with staged_folder(vintage) as staged:
            checks.append(put_together(run, vintage, last, staged))
            write_record(vintage, staged)  # which numbers are earlier ones, the attacker knows too
            checks.append(is_attacked_in_vain(staged, earlier))
            write_log(vintage, staged, checks)
            vintage = write_record(vintage, staged)
            write_digest(digest, home, name)
            enter(vintage, staged)
    return vintage

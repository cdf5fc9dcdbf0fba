"""How the work itself is done, in one line that leads to the evidence: follow-ups in time, who
starts something, and what of the budget was used.
"""

from markupsafe import Markup

from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.numbers import SHARE, YEAR
from evalkit.report.parts.place import EVIDENCE, Place
from evalkit.tables import slug


def own_work(brief: Brief) -> Part | None:
    """The line; none where nothing of it can be said."""
    found = [
        (anchor, fact)
        for anchor, fact in (
            ("process", _follow_ups(brief)),
            ("access", _starts(brief)),
            ("money", _money(brief)),
        )
        if fact
    ]
    if not found:
        return None
    words = brief.words
    there = brief.place.link(Place(EVIDENCE, slug(brief.district)))
    link = Markup('<a href="{}#{}">{}</a>').format(there, found[0][0], words.text("own.more"))
    whose = [] if brief.area == brief.district else [words.html("own.pooled", area=brief.area)]
    line = Markup(" ").join([*(fact for _, fact in found), *whose, link])
    return Part("own_work", words.text("own.heading"), Markup("<p>{}</p>").format(line))


def _follow_ups(brief: Brief) -> Markup | None:
    row = brief.tables.row("process_kept", district=brief.area, measure="follow_ups", answer="yes")
    if row is None or not row.has("share"):
        return None
    return brief.words.html(
        "own.follow_ups",
        share=brief.number(row, "share", SHARE),
        year=brief.number(row, "year", YEAR),
    )


def _starts(brief: Brief) -> Markup | None:
    row = brief.tables.row("access_funnel", district=brief.area)
    if row is None or not row.has("observed"):
        return None
    _, months = brief.run.params.monitoring.access_months
    return brief.words.html(
        "own.starts",
        share=brief.number(row, "observed", SHARE),
        months=brief.words.number(months),
    )


def _money(brief: Brief) -> Markup | None:
    """What of the budget of the last year was left or went elsewhere, or that it was exceeded;
    nothing where that year's accounts are in several currencies.
    """
    rows = [
        row
        for row in brief.tables.rows("account_areas", district=brief.area, cost_area="all")
        if row.has("unspent_share")
    ]
    last_year = max((row["year"] for row in rows), default=None)
    of_year = [row for row in rows if row["year"] == last_year]
    if len(of_year) != 1:
        return None
    [last] = of_year
    year = brief.number(last, "year", YEAR)
    if last["unspent_share"] < 0:
        return brief.words.html("own.over_budget", year=year)
    share = brief.number(last, "unspent_share", SHARE)
    return brief.words.html("own.unspent", share=share, year=year)

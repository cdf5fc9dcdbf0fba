"""What the page of method says of the record of simulated worlds: how often the span of both
readings holds the truth, the plain range does, and how often checks warn.
"""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from evalkit.report.method.worlds import WorldCount, WorldsRecord, worlds_record
from evalkit.report.parts.document import Block, Brief, DataTable
from evalkit.report.view import NOTHING
from evalkit.words import Words, capitalise

# The world of something hidden that lasts.
LASTING = "persistent"
_HEADS = (
    "world",
    "strength",
    "estimates",
    "plain",
    "second",
    "span",
    "width_plain",
    "width_span",
    "expands_plain",
    "expands_span",
    "times",
)
_WARNED_HEADS = ("world", "strength", "check", "hits", "false_alarms")


def how_often_spans_hold(brief: Brief) -> Block:
    """In which worlds the span holds the truth how often, told of those that matter most and in a
    table of all.
    """
    record, words = worlds_record(), brief.words
    made = words.html(
        "worlds.made",
        cities=words.count(record.n_cities),
        people=words.number(record.n_people),
        duration=words.duration(record.followed_months),
    )
    version = words.html(
        "worlds.version",
        month=words.month(record.made),
        version=record.version,
        first=str(record.first_seed),
        last=str(record.first_seed + record.n_cities - 1),
    )
    return Block(
        heading=words.text("worlds.heading"),
        text=(made, *_told(record, words)),
        tables=(_table(record, words), *_warned_table(record, words)),
        after=(words.html("worlds.strength_means"), version),
    )


def _told(record: WorldsRecord, words: Words) -> Iterable[Markup]:
    """A sentence for each kind of world, by its strongest selection."""
    by_strength = sorted(record.worlds, key=lambda count: count.strength)
    strongest = {count.world: count for count in by_strength}
    for world in dict.fromkeys(count.world for count in record.worlds):
        count = strongest[world]
        if words.has(f"worlds.told_{world}"):
            yield words.html(
                f"worlds.told_{world}",
                span=words.percent(count.coverage_span),
                plain=words.percent(count.coverage_plain),
                bias_plain=words.signed(count.bias_plain, 1),
                bias_second=words.signed(count.bias_second or 0.0, 1),
                expands=words.percent(count.n_expands_span / count.n_estimates),
                expands_plain=words.percent(count.n_expands_plain / count.n_estimates),
            )
    yield from _times_told([count for count in by_strength if count.world == LASTING], words)


def _times_told(lasting: Sequence[WorldCount], words: Words) -> Iterable[Markup]:
    """That what is hidden makes the gain look as if more were needed to take it away, if so."""
    known = [(count.strength, count.times) for count in lasting if count.times is not None]
    if len(known) > 1 and known[-1][1] > known[0][1]:
        (at_least, least), (at_most, most) = known[0], known[-1]
        numbers = {"at_least": at_least, "least": least, "at_most": at_most, "most": most}
        yield words.html(
            "worlds.times_grow",
            **{name: words.number(number, 1) for name, number in numbers.items()},
        )


def _table(record: WorldsRecord, words: Words) -> DataTable:
    return DataTable(
        caption=words.text("worlds.caption", harm=words.number(record.harm, 1)),
        head=tuple(capitalise(words.text(f"worlds.head_{head}")) for head in _HEADS),
        rows=tuple(_row(count, words) for count in record.worlds),
    )


def _row(count: WorldCount, words: Words) -> tuple[str, ...]:
    shares = (count.coverage_plain, count.coverage_second, count.coverage_span)
    expands = (count.n_expands_plain, count.n_expands_span)
    return (
        *_world(count, words),
        words.number(count.n_estimates),
        *(_percent(share, words) for share in shares),
        words.number(count.width_plain, 1),
        words.number(count.width_span, 1),
        *(words.percent(n / count.n_estimates) for n in expands),
        NOTHING if count.times is None else words.number(count.times, 1),
    )


def _warned_table(record: WorldsRecord, words: Words) -> tuple[DataTable, ...]:
    """How often each check warned where the plain range misses the truth, and where it holds it."""
    rows = tuple(
        (
            *_world(count, words),
            words.label(f"worlds.check_{warned.check}"),
            _of(warned.n_hits, warned.n_wrong, words),
            _of(warned.n_false_alarms, warned.n_right, words),
        )
        for count in record.worlds
        for warned in count.warned
    )
    if not rows:
        return ()
    return (
        DataTable(
            caption=words.text("worlds.warned_caption"),
            head=tuple(capitalise(words.text(f"worlds.head_{head}")) for head in _WARNED_HEADS),
            rows=rows,
        ),
    )


def _world(count: WorldCount, words: Words) -> tuple[str, str]:
    strength = words.number(count.strength, 1) if count.strength else NOTHING
    return words.label(f"worlds.{count.world}"), strength


def _percent(share: float | None, words: Words) -> str:
    return NOTHING if share is None else words.percent(share)


def _of(n: int, n_all: int, words: Words) -> str:
    return words.text("worlds.of", n=n, n_all=n_all) if n_all else NOTHING

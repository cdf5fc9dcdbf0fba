"""What a page is made of: sections that answer a question, with blocks of text, key figures,
pictures and tables.

Builders fill these records; the templates only lay them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from evalkit.disclosure import Published
from evalkit.line.protocol import Protocol
from evalkit.params import Run
from evalkit.report.parts.numbers import RANGE, Form, PageTables, Row, interval, number
from evalkit.report.parts.place import Place
from evalkit.tables import CITY
from evalkit.words import Words


@dataclass(frozen=True)
class KeyFigure:
    """One large number with its range beneath and what it counts."""

    number: Markup
    label: str
    range: Markup


@dataclass(frozen=True)
class DataTable:
    """A table of numbers; the first cell of each row is the row's header. An open table is seen at
    once, others unfold; one that is sortable sorts by its heads where scripts run.
    """

    caption: Markup | str
    head: tuple[str, ...]
    rows: tuple[tuple[Markup | str, ...], ...]
    note: str = ""
    is_open: bool = False
    is_sortable: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture with its conclusion in words and the table of its numbers."""

    name: str
    svg: Markup
    conclusion: Markup
    tables: tuple[DataTable, ...]


@dataclass(frozen=True)
class Further:
    """Pictures that unfold under their summary: a second look at what was shown."""

    summary: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Block:
    """A passage of a section: its own answer if it has one, text, key figures, points, more text,
    pictures, further pictures and tables, in this order.
    """

    heading: str = ""
    leads: tuple[Markup, ...] = ()
    text: tuple[Markup, ...] = ()
    points: tuple[Markup, ...] = ()
    key_figures: tuple[KeyFigure, ...] = ()
    after: tuple[Markup, ...] = ()
    figures: tuple[Figure, ...] = ()
    further: tuple[Further, ...] = ()
    tables: tuple[DataTable, ...] = ()

    @property
    def all_figures(self) -> tuple[Figure, ...]:
        """The pictures that are seen at once, and those that unfold."""
        return (*self.figures, *(figure for further in self.further for figure in further.figures))


@dataclass(frozen=True)
class Section:
    """A question, its answer in one sentence (or one for each intervention), and what stands behind
    it.
    """

    name: str
    heading: str
    leads: tuple[Markup, ...]
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Part:
    """A part of a decision page: its name (the id that links point to), its finding as a heading
    (none for the first), and its markup.
    """

    name: str
    heading: Markup | str
    body: Markup


def shared_sentences_first(section: Section) -> Section:
    """The section with sentences that stand in every one of its headed blocks lifted out, before
    the first of them.
    """
    headed = [block for block in section.blocks if block.heading]
    if len(headed) < 2:
        return section
    others = [{sentence.striptags() for sentence in block.text} for block in headed[1:]]
    shared = {
        sentence.striptags(): sentence
        for sentence in headed[0].text
        if all(sentence.striptags() in other for other in others)
    }
    if not shared:
        return section
    first = section.blocks.index(headed[0])
    before, after = section.blocks[:first], section.blocks[first:]
    own_text = [
        tuple(sentence for sentence in block.text if sentence.striptags() not in shared)
        if block.heading
        else block.text
        for block in after
    ]
    rest = (replace(block, text=text) for block, text in zip(after, own_text, strict=True))
    return replace(section, blocks=(*before, Block(text=tuple(shared.values())), *rest))


@dataclass(frozen=True)
class Brief:
    """What the sections of a page are built from, and the ways in which they write numbers.

    Attributes
    ----------
    run : Run
        The run.
    district : str
        Whose page it is; "all" for the city's.
    tables : PageTables
        The published tables.
    figures : mapping of str to str
        SVG by figure name.
    words : Words
        The reader's language.
    protocols : mapping of str to Protocol
        The run's protocols, by intervention.
    place : Place
        Where the page lies, for its links to others.
    intervention : str
        The one intervention that the page is about; empty for the page of a district or the city.
    """

    run: Run
    district: str
    tables: PageTables = field(repr=False)
    figures: Mapping[str, str] = field(repr=False)
    words: Words = field(repr=False)
    protocols: Mapping[str, Protocol] = field(repr=False)
    place: Place = field(repr=False)
    intervention: str = ""

    @property
    def is_city(self) -> bool:
        """Whether it is the page of all districts together."""
        return self.district == CITY

    @property
    def area(self) -> str:
        """Where monitoring counts the page's people: the district, or the area that it is pooled
        in.
        """
        return self.run.params.monitoring.area_of(self.district)

    @property
    def district_name(self) -> str:
        """The district as readers know it."""
        return self.words.text(CITY) if self.is_city else self.district

    def number(
        self, row: Row, column: str, form: Form, *, unit: str = "", tag: str = "span"
    ) -> Markup:
        """A number with its address (see `numbers.number`)."""
        return number(row, column, form, self.words, unit=unit, tag=tag)

    def about(self, intervention_id: str) -> "Brief":
        """The same brief in words about an intervention's outcome and whom it is compared with."""
        protocol = self.protocols.get(intervention_id)
        if protocol is None:
            return self
        comparison, other = protocol.comparisons[0], protocol.other_start
        compared = {name: f"{{{name}_{comparison}}}" for name in ("compared", "occasions")}
        compared |= {"other_intervention": f"{{{other}}}"} if other else {}
        return replace(self, words=self.words.about(protocol.primary_outcome, **compared))

    def is_livelihood_known(self, intervention_id: str) -> bool:
        """Whether an intervention's protocol tells its effect in what people live on; otherwise
        only the district's own result can be said.
        """
        protocol = self.protocols.get(intervention_id)
        return protocol is None or protocol.is_work_observed

    def when(self, intervention_id: str) -> dict[str, str]:
        """When those who start do so, for sentences with {when}: within so many months under a
        grace period, else the language's "now".
        """
        protocol = self.protocols.get(intervention_id)
        grace = protocol.grace_months if protocol else 0
        return {"when": self.words.text("change.within", months=grace + 1)} if grace else {}

    def range_of(self, row: Row, form: Form) -> Markup:
        """A row's range with its address; empty if there is none."""
        return interval(row, form, self.words)

    def in_brackets(
        self,
        row: Row,
        column: str,
        form: Form,
        *,
        limits: tuple[str, str] = RANGE,
        ends_as: Form | None = None,
    ) -> Markup:
        """A number and, in brackets, its range. `limits` are the columns of the two ends; they are
        written as the number is, or as `ends_as`.
        """
        shown = self.number(row, column, form)
        ends = interval(row, ends_as or form, self.words, limits=limits)
        return Markup(f'{shown} <span class="range">({ends})</span>') if ends else shown

    def key_figure(self, row: Row, column: str, form: Form, label: str) -> KeyFigure:
        """A key figure from a row, with the row's range."""
        limits = self.range_of(row, form)
        return KeyFigure(
            number=self.number(row, column, form),
            label=label,
            range=self.words.html(
                "mark.range_and_grade" if limits else "mark.grade", range=limits, grade=row.grade
            ),
        )

    def note(self, family: str) -> str:
        """The source and grade of a family of tables, as the line under a table."""
        tables = self.tables.family(family)
        return self.table_note(tables[0]) if tables else ""

    def table_note(self, table: Published) -> str:
        """The line under a table; a source that is the run itself is named in the reader's
        language.
        """
        params, source = self.run.params, table.source
        if source == params.run:
            source = params.title[self.words.language]
        return self.words.text("mark.table_note", source=source, grade=table.grade)

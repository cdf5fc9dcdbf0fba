"""What was asked of each intervention: the protocol that was declared before anyone looked."""

from evalkit.line.calendar import break_months
from evalkit.line.protocol import Protocol
from evalkit.report.evidence.sources import code
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.words import capitalise, protocol_card


def what_was_asked(brief: Brief) -> Section:
    """A card for each protocol, folded away; or that the run has none."""
    words = brief.words
    heading = words.text("method.protocols_heading")
    if not brief.protocols:
        return Section("protocols", heading, (words.html("change.not_asked"),))
    cards = tuple(_card(brief, protocol) for protocol in brief.protocols.values())
    lead = words.html("method.protocols_lead")
    return Section("protocols", heading, (lead,), (Block(tables=cards),))


def _card(brief: Brief, protocol: Protocol) -> DataTable:
    crossed = protocol.crossed_breaks(break_months(brief.run))
    words = brief.about(protocol.intervention_id).words
    rows = dict(protocol_card(protocol, words, crossed=crossed).iter_rows())
    hashed = brief.words.text("card.hash")
    rows[hashed] = code(rows[hashed])
    return DataTable(
        caption=brief.words.label(protocol.intervention_id),
        head=(brief.words.text("method.element"), brief.words.text("method.declared")),
        rows=tuple((capitalise(element), declared) for element, declared in rows.items()),
    )

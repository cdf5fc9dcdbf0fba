"""Published tables of monitoring: needs, offer and outreach."""

from evalkit.line.table import Table

OFFER: tuple[Table, ...] = ()

"""Published tables of monitoring: the actions of the programmes."""

from evalkit.line.table import Table

PROGRAMME: tuple[Table, ...] = ()

"""Published tables of monitoring: who gets what, how soon."""

from evalkit.line.table import Table

ACCESS: tuple[Table, ...] = ()

"""Published tables of monitoring: where the money went."""

from evalkit.line.table import Table

ACCOUNTS: tuple[Table, ...] = ()

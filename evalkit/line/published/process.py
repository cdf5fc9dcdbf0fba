"""Published tables of monitoring: whether the common process is kept."""

from evalkit.line.table import Table

PROCESS: tuple[Table, ...] = ()

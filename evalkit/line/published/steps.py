"""Published tables of monitoring: whether people come closer."""

from evalkit.line.table import Table

STEPS: tuple[Table, ...] = ()

"""Published tables of monitoring: how complete the registration is."""

from evalkit.line.table import Table

REGISTRATION: tuple[Table, ...] = ()

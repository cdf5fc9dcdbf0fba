"""The charts, one module per family; each is declared once, by `register.chart`."""

"""How charts look and are put together: theme, scales and layers, labels, rows with ranges, SVG."""

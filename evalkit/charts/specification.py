"""From a chart to its Vega-Lite specification, without the copies that altair makes on the way."""


def specification(chart) -> dict:
    """The specification of a chart, as `chart.to_dict()` gives it, in a fraction of the time.

    Parameters
    ----------
    chart : altair chart
        A chart of this room: layers and panels whose tables are polars DataFrames or `alt.Data`. It
        is not changed.

    Returns
    -------
    dict
        Each layer is written once, and each table once, under a name by its order. The theme that
        altair lays under its own is left out.
    """
    import altair as alt

    names: dict[int, str] = {}
    datasets: dict[str, list[dict]] = {}

    def named(rows) -> dict:
        name = names.setdefault(id(rows), f"data-{len(names)}")
        if name not in datasets:
            datasets[name] = rows.to_dicts()
        return {"name": name}

    def written(value):
        if isinstance(value, alt.TopLevelMixin):
            # Its own to_dict would make the chart and all its layers anew.
            return {
                key: written(part) for key, part in value._kwds.items() if part is not alt.Undefined
            }
        if isinstance(value, alt.SchemaBase):
            return value.to_dict(validate=False)
        if isinstance(value, list):
            return [written(part) for part in value]
        return named(value) if hasattr(value, "to_dicts") else value

    return {"$schema": alt.SCHEMA_URL, **written(chart), "datasets": datasets}

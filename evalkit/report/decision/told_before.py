"""Whether earlier forecasts held, in one line of the city's page."""

from markupsafe import Markup

from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.forecasts import forecast_sentence
from evalkit.report.view import link_to_method


def whether_forecasts_held(brief: Brief) -> Part | None:
    """How many held, or when the first can be scored, with where the record stands."""
    sentence = forecast_sentence(brief)
    if sentence is None:
        return None
    line = Markup('<p class="fine">{} {}</p>').format(
        sentence, brief.words.html("forecast.more", link=link_to_method(brief, "forecasts"))
    )
    return Part("forecasts", "", line)

"""For every test: examples of properties may take as long as a busy machine makes them, and share fixtures that they do not change."""

from hypothesis import HealthCheck, settings

settings.register_profile("evalkit", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.load_profile("evalkit")

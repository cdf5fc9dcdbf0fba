"""For every test: examples of properties may take as long as a busy machine makes them, and share fixtures that they do not change."""

from hypothesis import HealthCheck, settings

PATIENCE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}
# The same examples each time, so that a test fails because of what was changed; `make prove` searches at random (--hypothesis-profile=search).
settings.register_profile("evalkit", derandomize=True, **PATIENCE)
settings.register_profile("search", derandomize=False, print_blob=True, **PATIENCE)
settings.load_profile("evalkit")

"""Fixtures and settings that every test folder shares."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")
"""The same examples everywhere, however busy the machine is."""

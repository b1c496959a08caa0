"""The project's settings with what a measurement needs: an empty view to compare with, no rate limit,
and a way to the platform it plays itself."""

from config.settings import *  # noqa: F403  the benchmark measures the project as it is set up

ROOT_URLCONF = "benchmarks.urls"
ONE_CLICK_RATE = 10**9
OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True

"""The project's settings, with an empty view to compare with, no rate limit, and access to the local platform."""

from config.settings import *  # noqa: F403  the project's own settings are measured

ROOT_URLCONF = "benchmarks.urls"
ONE_CLICK_RATE = API_RATE = API_BATCH_RATE = 10**9
OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True

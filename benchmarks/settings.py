"""The project's settings with what a measurement needs: an empty view to compare with, and no rate limit."""

from config.settings import *  # noqa: F403  the benchmark measures the project as it is set up

ROOT_URLCONF = "benchmarks.urls"
ONE_CLICK_RATE = 10**9

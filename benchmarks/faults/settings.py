"""The portal's settings with a clock that a trial moves."""

from config.settings import *  # noqa: F403  # the portal's own, and one app more

INSTALLED_APPS += ["benchmarks.faults.clock"]  # noqa: F405  # likewise

"""The portal's settings with shortened waits."""

from config.settings import *  # noqa: F403  # the portal's own, and one app more

INSTALLED_APPS += ["benchmarks.chaos.haste"]  # noqa: F405  # likewise

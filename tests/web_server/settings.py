"""The project's settings, with views that show what reached Django."""

from config.settings import *  # noqa: F403  the project's own settings are tried

ROOT_URLCONF = "tests.web_server.urls"
DOWNLOAD_PAUSE_SECONDS = 2

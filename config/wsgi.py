import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

# Importing the URL configuration imports the views, so the first request does not wait for them.
get_resolver().url_patterns  # noqa: B018  for the imports
# Objects loaded by now stay, and the collector would spend a tenth of each request walking them.
gc.freeze()
# Often enough that no request waits for a collection of more than a few milliseconds.
gc.set_threshold(2_000, 20, 100)

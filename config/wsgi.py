import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

# The paths bring the views, which else the first request would have to wait for.
get_resolver().url_patterns  # noqa: B018  read for what it loads
# What is loaded by now stays for good; walking it again and again costs a tenth of each request.
gc.freeze()
# Often enough that no request waits for more than some milliseconds of it.
gc.set_threshold(2_000, 20, 100)

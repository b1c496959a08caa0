"""How unfold shows the staff pages: name, sidebar, styles and scripts."""

from django.templatetags.static import static
from django.urls import reverse_lazy

UNFOLD = {
    "SITE_TITLE": "Reprise",
    "SITE_HEADER": "Reprise",
    "SITE_SUBHEADER": "config.site.merchant_name",
    "SITE_DROPDOWN": "config.site.merchant_switcher",
    "SITE_URL": None,
    "SITE_SYMBOL": "autorenew",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("staff/favicon.svg")},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "config.home.home_context",
    "STYLES": [lambda request: static("staff/colors.css"), lambda request: static("staff/staff.css")],
    "SCRIPTS": [lambda request: static("staff/staff.js")],
    "ACCOUNT": {
        "navigation": [
            {"title": "Two-factor login", "link": reverse_lazy("admin:two_factor")},
            {"title": "Your logins", "link": reverse_lazy("admin:sessions")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ],
    },
    "SIDEBAR": {"navigation": "config.site.build_navigation"},
}

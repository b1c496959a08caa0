"""Every form of the portal has a token that other sites do not know, and every page that takes one asks for it."""

import re
from collections.abc import Iterator

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

POST_FORM = re.compile(r"""<form[^>]*method=["']?post.*?</form>""", re.IGNORECASE | re.DOTALL)
# A link's own token is the credential there, and no cookie counts.
FORMS_OF_CUSTOMERS = {"oneclick/landing.html", "oneclick/banner.html"}
# What programs call: a key, a signature or a link's token counts there, and no cookie.
WITHOUT_COOKIES = ("api/", "gladly/", "one_click/", "sandbox/")


def walk_views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        address = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from walk_views(entry, address)
        else:
            yield address, entry


def test_only_what_programs_call_takes_a_post_without_the_token() -> None:
    views = dict(walk_views(get_resolver()))
    exempt = [address for address, entry in views.items() if getattr(entry.callback, "csrf_exempt", False)]
    assert len(views) > 400 and exempt
    assert [address for address in exempt if not address.startswith(WITHOUT_COOKIES)] == []


def test_each_form_that_posts_holds_the_token() -> None:
    root = settings.BASE_DIR / "templates"
    forms = [
        (str(file.relative_to(root)), form)
        for file in root.rglob("*.html")
        for form in POST_FORM.findall(file.read_text())
    ]
    assert len(forms) > 20
    assert {name for name, form in forms if "{% csrf_token %}" not in form} == FORMS_OF_CUSTOMERS

"""Languages and locales of customers' messages."""

from collections.abc import Iterator

from django.conf import settings

LANGUAGES = dict(settings.LANGUAGES)
DEFAULT_LANGUAGE = "en"


def locale_fallbacks(*locales: str) -> Iterator[str]:
    """Each locale and then its language: `es-us`, `es`."""
    for locale in locales:
        tag = locale.lower().replace("_", "-")
        yield tag
        yield language_of_locale(tag)


def language_of_locale(tag: str) -> str:
    return tag.partition("-")[0]


def find_language(*locales: str) -> str:
    """The first built-in language that fits; English where none does."""
    return next((tag for tag in locale_fallbacks(*locales) if tag in LANGUAGES), DEFAULT_LANGUAGE)

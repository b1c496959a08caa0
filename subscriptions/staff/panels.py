"""The parts of a customer's page that belong to the layers above."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from subscriptions.models import Customer


@dataclass(frozen=True, slots=True)
class Panel:
    """`template` gets what `load` returns as `panel`. One behind a tab is loaded once it is asked for."""

    name: str
    title: str
    place: Literal["side", "tab"]
    template: str
    load: Callable[[HttpRequest, Customer], dict[str, Any]]


def find_panels(place: str) -> dict[str, Panel]:
    """The panels of `settings.CUSTOMER_PANELS` at this place, by name."""
    panels = (import_string(path) for path in settings.CUSTOMER_PANELS)
    return {panel.name: panel for panel in panels if panel.place == place}

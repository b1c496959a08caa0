from django.apps import AppConfig


class ReprisePortal(AppConfig):
    """The project itself: management commands and system checks that belong to no single app."""

    name = "config"
    label = "portal"

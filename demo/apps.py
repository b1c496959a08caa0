from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo shop and its two management commands."""

    name = "demo"

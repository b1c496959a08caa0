from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo merchant and its two management commands."""

    name = "demo"

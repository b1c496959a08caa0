from django.apps import AppConfig, apps
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate

from config.database.sessions import check_sessions
from config.schedules import check_schedules, ensure_schedules


class ReprisePortal(AppConfig):
    """The project itself: management commands and system checks that belong to no other app."""

    name = "config"
    label = "portal"

    def ready(self) -> None:
        register(Tags.database)(check_schedules)
        register(Tags.database)(check_sessions)
        post_migrate.connect(ensure_schedules, sender=apps.get_app_config("django_q"))

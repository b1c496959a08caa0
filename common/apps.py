"""The app of the shared machinery. It has no models and is an app only for its system check."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from common.db.columns import refusals

HINT = "Change the model; or, if it is only used with the ORM, silence this check for it by moving it to another app."


class Common(AppConfig):
    name = "common"

    def ready(self) -> None:
        register(Tags.models)(check_models)


def check_models(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Errors for models of the project's own apps (beside `manage.py`) that `common.db` would read or write wrongly."""
    own = [app for app in app_configs or apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]
    return [
        Error(f"common.db does not support {model.__name__}: {reason}.", hint=HINT, obj=model, id="common.E001")
        for app in own
        for model in app.get_models()
        for reason in refusals(model)
    ]

from django.apps import AppConfig


class OneClickConfig(AppConfig):
    name = "oneclick"
    verbose_name = "1-Click"

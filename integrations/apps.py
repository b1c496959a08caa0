from django.apps import AppConfig
from django.core.checks import register

from integrations.gladly.lookup.transaction_keys import check_transaction_keys


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        register(check_transaction_keys)

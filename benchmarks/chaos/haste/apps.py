from datetime import timedelta

from django.apps import AppConfig


class Haste(AppConfig):
    name = "benchmarks.chaos.haste"

    def ready(self) -> None:
        from integrations.backoff import Backoff  # noqa: PLC0415  # not before all models are loaded
        from integrations.klaviyo.integration import Klaviyo  # noqa: PLC0415  # likewise
        from integrations.models import Connection  # noqa: PLC0415  # likewise
        from integrations.sending import results  # noqa: PLC0415  # likewise

        Connection.lease_length = timedelta(seconds=4)  # of 30
        Klaviyo.backoff = Backoff(first=1, longest=8, give_up_after=24 * 3600)  # of 30 s and half an hour
        results.REST_SECONDS = 3.0  # of 60

from datetime import timedelta

from django.apps import AppConfig


class Haste(AppConfig):
    name = "benchmarks.chaos.haste"

    def ready(self) -> None:
        from common.work import Leased  # noqa: PLC0415  # not before all models are loaded
        from integrations.backoff import Backoff  # noqa: PLC0415  # likewise
        from integrations.klaviyo.integration import Klaviyo  # noqa: PLC0415  # likewise
        from integrations.models import ProfileRun  # noqa: PLC0415  # likewise
        from integrations.sending import results  # noqa: PLC0415  # likewise
        from subscriptions.jobs import dispatch, runs  # noqa: PLC0415  # likewise
        from subscriptions.models import JobRun, OrderDispatch  # noqa: PLC0415  # likewise

        Leased.lease_length = JobRun.lease_length = OrderDispatch.lease_length = timedelta(seconds=4)  # of 30 and 60
        ProfileRun.lease_length = timedelta(seconds=15)  # of 60; a request of 5,000 profiles takes some
        Klaviyo.backoff = Backoff(first=1, longest=8, give_up_after=24 * 3600)  # of 30 s and half an hour
        results.REST_SECONDS = 3.0  # of 60
        dispatch.LOST_AFTER = timedelta(seconds=8)  # of 300
        runs.REST = timedelta(seconds=1)  # of 10

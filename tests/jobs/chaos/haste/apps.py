from datetime import timedelta

from django.apps import AppConfig


class Haste(AppConfig):
    name = "tests.jobs.chaos.haste"

    def ready(self) -> None:
        from common.work import Leased  # noqa: PLC0415  # not before all models are loaded
        from subscriptions.jobs import dispatch, runs  # noqa: PLC0415  # likewise
        from subscriptions.models import JobRun, OrderDispatch  # noqa: PLC0415  # likewise

        Leased.lease_length = JobRun.lease_length = OrderDispatch.lease_length = timedelta(seconds=4)
        dispatch.LOST_AFTER = timedelta(seconds=8)
        runs.REST = timedelta(seconds=1)

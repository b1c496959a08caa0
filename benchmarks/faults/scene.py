"""A portal with visitors, and what came of their clicks."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task

from benchmarks import seed
from benchmarks.faults.fault import Fault
from benchmarks.faults.visitors import Visitors
from integrations.models import Attempt, Delivery, Heartbeat, SandboxEvent, SandboxFault
from integrations.sandbox import private_keys
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions import api_keys
from subscriptions.models import Activity
from tests.killer import cluster_depth
from tests.portal import Portal, wait_until

SUBSCRIBERS = 8000
CALM_SECONDS = 5.0  # with visitors and without a fault, before it and after it
RATES = {"ONE_CLICK_RATE": "1000000", "API_RATE": "1000000"}
# 503 of a portal whose database was just away, or whose customer was held for two seconds, 429 for who repeats a click
# all too often, and no answer.
EXPECTED = {200, 503, 429, 0}


class Scene:
    """The portal of `home`. Its waits are those of every portal, but its workers show each 10 s that they live."""

    def __init__(self, home: Path) -> None:
        self.portal = Portal(home)
        self.portal.environment |= {"HEARTBEAT_SECONDS": "10", **RATES}
        self.visitors: Visitors
        self.seconds_to_deliver = 0.0

    @contextmanager
    def running(self, **environment: str) -> Iterator[None]:
        """While the block runs, visitors come. Afterwards their clicks have succeeded and their events have arrived."""
        self.portal.environment |= environment
        self._seed()
        with self.portal.running():
            wait_until(lambda: self.portal.answers("/readyz", '"workers": {"status": "ok"'), seconds=180, pause=0.5)
            self.visitors.start()
            time.sleep(CALM_SECONDS)
            yield
            time.sleep(CALM_SECONDS)
            self.visitors.stop()
            begun = time.monotonic()
            wait_until(self.has_delivered, seconds=300, pause=0.5)
            self.seconds_to_deliver = time.monotonic() - begun

    def _seed(self) -> None:
        merchant = seed.create_cancelled_subscribers(SUBSCRIBERS)
        url = f"http://127.0.0.1:{self.portal.port}{private_keys.PATH}"
        self.connection = merchant.connections.get()
        self.connection.base_url, self.connection.secret = url, private_keys.create_key(merchant)
        self.connection.save()
        _, key = api_keys.create_api_key(merchant, "Benchmark", ["read", "bulk"])
        tokens = [encode_token(token) for token in seed.find_tokens(1, SUBSCRIBERS)]
        path = f"/one_click/reactivate/?merchant={merchant.public_id.hex}"
        self.visitors = Visitors(self.portal.port, path, iter(tokens), "/api/orders/?status=1", key)
        connection.close()

    def database_url(self) -> str:
        return str(settings.DATABASE_URL)

    def let_receiver_fail(self, outcome: str) -> None:
        """From now on every request to the sandbox gets this outcome of `SandboxFault`."""
        SandboxFault.objects.create(merchant=self.connection.merchant, outcome=outcome, share=100, milliseconds=500)

    def let_receiver_recover(self) -> None:
        SandboxFault.objects.all().delete()

    def kill_cluster_parts(self, depth: int) -> int:
        """Kill each part of both clusters at this `cluster_depth`, and return their number."""
        parts = [part for part in self.portal.processes("qcluster") if cluster_depth(part) == depth]
        for part in parts:
            part.kill()
        return len(parts)

    def cluster_pids(self) -> set[int]:
        """The main processes of the clusters, as their heartbeats say."""
        return set(Heartbeat.objects.values_list("pid", flat=True))

    def movable_clock(self) -> dict[str, str]:
        """The environment of a portal whose clock `set_clock` moves; that of its database stays."""
        self.set_clock(0)
        file = str(self.portal.home / "clock")
        return {"DJANGO_SETTINGS_MODULE": "benchmarks.faults.settings", "CLOCK_FILE": file}

    def set_clock(self, hours: int) -> None:
        """Let the portal's clock be wrong by this much."""
        (self.portal.home / "clock").write_text(str(hours))

    def is_schedule_early(self) -> bool:
        """Whether all schedules of each minute have next times that lie in the hour before this one."""
        return not Schedule.objects.filter(minutes=1, next_run__gt=timezone.now() - timedelta(minutes=50)).exists()

    def sweep(self) -> None:
        """What the schedule does each minute."""
        async_task("integrations.outbox.sweep", save=False)

    def count_attempts(self, status: int | None) -> int:
        return Attempt.objects.filter(status=status).count()

    def has_delivered(self) -> bool:
        # This process's connection may be one of those that the fault ended.
        connection.close()
        try:
            return not Delivery.objects.filter(state=Delivery.State.PENDING).exists()
        except Error:
            return False

    def told_deliveries(self) -> str:
        return f"all events had arrived {self.seconds_to_deliver:.0f} s after the last click"

    def summary(self) -> str:
        visitors = self.visitors
        clicks, reads = visitors.statuses("click"), visitors.statuses("API")
        return "; ".join(
            [
                f"{visitors.clicked} clicks ({_counted(clicks)})",
                f"API {_counted(reads)}",
                f"no click succeeded for {visitors.longest_gap():.1f} s at most",
                f"slowest answer {visitors.slowest():.1f} s",
                f"events in the sandbox {SandboxEvent.objects.count()}",
            ]
        )

    def find_broken_promise(self, fault: Fault) -> str:
        """What holds for every fault; empty if it held."""
        used = ActionToken.objects.filter(used_at__isnull=False).count()
        acts = Activity.objects.filter(verb="subscription.reactivate").values_list("subscription", flat=True)
        told = SandboxEvent.objects.values_list("unique_id", flat=True)
        owed = {key.hex for key in Delivery.objects.values_list("event__public_id", flat=True)}
        statuses = {answer.status for answer in self.visitors.answers}
        broken = {
            "a click is lost or was done twice": not used == len(acts) == len(set(acts)) == self.visitors.clicked,
            "an event is missing or was told twice": sorted(told) != sorted(owed) or len(owed) < len(acts),
            "a delivery failed": Delivery.objects.exclude(state=Delivery.State.DONE).exists(),
            f"answers {sorted(statuses - EXPECTED)}": bool(statuses - EXPECTED),
            f"no click succeeded for over {fault.gap:.0f} s": self.visitors.longest_gap() > fault.gap,
            f"an answer took over {fault.answer:.0f} s": self.visitors.slowest() > fault.answer,
        }
        return ", ".join(words for words, is_broken in broken.items() if is_broken)


def _counted(statuses: Counter[int]) -> str:
    return ", ".join(f"{status or 'none'}: {count}" for status, count in sorted(statuses.items(), reverse=True))

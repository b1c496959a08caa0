"""What surrounds the portal in a chaos test: the platform of its live merchants, and calls into its database."""

import json
import subprocess
import sys
import time
from collections import Counter
from typing import Any

from django.conf import settings

from tests.placement.platform import Handler
from tests.portal import Portal


class Shop:
    """A platform that counts requests by their keys and creates one order per key, in so many `seconds`."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.seconds = seconds
        self.posts: Counter[str] = Counter()

    def answer(self, handler: Handler) -> None:
        key = handler.headers["Idempotency-Key"]
        self.posts[key] += 1
        time.sleep(self.seconds)
        handler.answer(f"<order><code>SUCCESS</code><orderId>{key}</orderId></order>".encode())


def inside(portal: Portal, *calls: str) -> str:
    """Run functions of `chaos.inside` in the portal's own database; returns their output."""
    code = "from tests.jobs.chaos import inside as chaos; " + "; ".join(f"chaos.{call}" for call in calls)
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", code],
        cwd=settings.BASE_DIR,
        env=portal.environment,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def report(portal: Portal, *calls: str) -> dict[str, Any]:
    """The report after `calls`."""
    found: dict[str, Any] = json.loads(inside(portal, *calls, "report()").splitlines()[-1])
    return found


def find_wrong(shop: Shop, came: dict[str, Any], merchants: int, customers: int) -> list[str]:
    """What is not so after `seed_days`: each merchant's jobs ran once, all `customers` were told and served once."""
    once = {"reminder 1": customers, "credit_card_expiration_warning 1": customers, "success 2": customers}
    # These are a day old: once the product is back, they are obsolete.
    sandbox = {name: count for name, count in came["sandbox"].items() if name != "out_of_stock 1"}
    jobs = ("reminders", "cards", "stock", "placement")
    expected = [
        ("runs", came["runs"], {f"{job} done": merchants for job in jobs}),
        ("failures", came["failures"], 0),
        ("placed", came["placed"], {"2": customers}),
        ("told", came["told"], {**once, "out_of_stock 1": customers}),
        ("sandbox", sandbox, dict.fromkeys(once, customers // 5)),
        ("simulated", len(came["simulated"]), 2 * customers // 5),
    ]
    return [f"{name}: {found}, not {right}" for name, found, right in expected if found != right] + find_wrong_posts(
        shop, came
    )


def find_wrong_posts(shop: Shop, came: dict[str, Any]) -> list[str]:
    """Each live order is at the platform under one key; it was sent again only where a worker had died."""
    again = {key: posts for key, posts in shop.posts.items() if posts > came["tries"].get(key, 0)}
    expected = [
        ("orders at the platform", sorted(shop.posts), sorted(came["live"])),
        ("posted again", again, {}),
        ("other attempts", set(came["attempts"]) - {"placed", "no_answer"}, set()),
        ("attempts that placed", came["attempts"]["placed"], len(came["tries"])),
    ]
    return [f"{name}: {found}, not {right}" for name, found, right in expected if found != right]

"""`python -m benchmarks.chaos.hosts` kills hosts, pooler, Redis and database under a portal of several machines.

It fails if an order or event is lost or doubled, or if /readyz of a web host says what is not so.
"""

import argparse
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos.settled import markdown_table, settled_home


@dataclass(frozen=True, slots=True)
class Trial:
    """`rounds` of all faults; the database and the pooler are away for `away` seconds each."""

    merchants: int = 100
    customers: int = 5
    rounds: int = 3
    away: float = 15
    post_seconds: float = 1
    patience: int = 1200


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos.hosts", description=__doc__)
    for name, default in (("merchants", 100), ("customers", 5), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    trial = Trial(**vars(parser.parse_args()))
    with settled_home() as home:
        came = run_trial(trial, home)
    print(markdown_table(_rows(trial, came)))  # noqa: T201  the output is the product here
    if came["wrong"] or came["lies"]:
        sys.exit("Not as promised: " + "; ".join([*came["wrong"], *came["lies"]]))


def run_trial(trial: Trial, home: Path) -> dict[str, Any]:
    """The report of `tests.jobs.chaos.inside`, with the answers of /readyz, the posts and the seconds that it took."""
    # Only now, because the modules read the settings.
    from tests.hosts import Hosts  # noqa: PLC0415  settings come first
    from tests.jobs.chaos.outside import Shop  # noqa: PLC0415  likewise
    from tests.placement.platform import running_platform  # noqa: PLC0415  likewise

    hosts, shop = Hosts(home), Shop(trial.post_seconds)
    with running_platform(shop.answer) as platform, hosts.running():
        return fault_all(hosts, shop, platform.url, trial)


def fault_all(hosts: Any, shop: Any, url: str, trial: Trial) -> dict[str, Any]:
    """`run_trial` on `hosts` that run, with the `shop` that answers at `url`."""
    from tests.jobs.chaos.outside import find_wrong, inside, report  # noqa: PLC0415  settings come first
    from tests.portal import wait_until  # noqa: PLC0415  likewise
    from tests.readiness import Watch  # noqa: PLC0415  likewise

    watch, begun = Watch(hosts), time.monotonic()
    inside(hosts.web[0], f"seed_days({url!r}, {trial.merchants}, {trial.customers})")
    ticking = threading.Thread(target=inside, args=(hosts.web[0], f"tick_until_done({trial.patience})"))
    ticking.start()
    wait_until(lambda: len(shop.posts) > 0, 120)
    posts = []
    with watch.at_work(pause=1.5):
        for number in range(trial.rounds):
            _fault_each(hosts, watch, *hosts.workers[:: -1 if number % 2 else 1], trial.away)
            posts.append(len(shop.posts))
        ticking.join()
        wait_until(hosts.is_whole, 180, pause=1)
        hosts.workers[1].server.end()
    # It was stopped on purpose, and nobody misses it.
    missed = [
        host for host in hosts.web if set(host.ask_readyz()[1]["workers"]["heartbeats"]) != hosts.workers[0].clusters
    ]
    came = report(hosts.web[0])
    return came | {
        "posts_after_rounds": posts,
        "posts": dict(shop.posts),
        "looks": len(watch.looks),
        "lies": watch.lies() + missed,
        "wrong": find_wrong(shop, came, trial.merchants, trial.merchants * trial.customers),
        "seconds": round(time.monotonic() - begun),
    }


def _fault_each(hosts: Any, watch: Any, worker: Any, other: Any, away: float) -> None:
    """While the host `worker` is dead, Redis, the replica, the pooler and the database die too, and come back."""
    from tests.hosts import SILENCE_SECONDS  # noqa: PLC0415  settings come first
    from tests.readiness import MARGIN  # noqa: PLC0415  likewise

    with watch.host_dead(worker):
        died = time.monotonic()
        worker.kill()
        with watch.unsettling(other):
            hosts.redis.kill()
            hosts.stop_replica()
            with watch.database_away():
                hosts.pool.kill()
                time.sleep(away)
            hosts.pool.start()
            hosts.redis.start()
            hosts.start_replica()
            time.sleep(1)
            with watch.database_away():
                hosts.stop_database()
                time.sleep(away)
            hosts.start_database()
        time.sleep(max(0, died + SILENCE_SECONDS + MARGIN - time.monotonic()) + 2)
    with watch.unsettling(worker):
        worker.server.start()


def _rows(trial: Trial, came: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("merchants; customers", f"{trial.merchants}; {trial.merchants * trial.customers}"),
        ("each killed: a worker host, Redis, PgBouncer, PostgreSQL and its replica", f"{trial.rounds} times"),
        ("orders at the platform after each of them", ", ".join(map(str, came["posts_after_rounds"]))),
        ("orders placed; under one key each", f"{len(came['tries'])}; {len(came['posts'])} posted"),
        ("attempts", ", ".join(f"{effect}: {count}" for effect, count in came["attempts"].items())),
        ("lost or doubled", "; ".join(came["wrong"]) or "none"),
        ("answers of /readyz; untrue", f"{came['looks']}; {len(came['lies'])}"),
        ("time", f"{came['seconds']} s"),
    ]


if __name__ == "__main__":
    main()

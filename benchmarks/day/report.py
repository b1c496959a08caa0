"""The tables of a day, and what gave way on it."""

from benchmarks.chaos.settled import markdown_table
from benchmarks.day.merchant import Day
from benchmarks.day.processor import Processor
from benchmarks.day.traffic import Kind
from benchmarks.day.work import Work

MOST_MILLISECONDS = 1000.0
LATENESS = 60.0  # seconds after midnight in which what waits must have arrived
Row = tuple[str, int, list[float], dict[str, int]]  # name, how many, p50/p95/p99 in ms, errors by kind


def percentiles(times: list[float]) -> list[float]:
    """p50, p95 and p99 in milliseconds, of seconds."""
    ordered = sorted(times) or [0.0]
    return [1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95, 0.99)]


def request_rows(kinds: list[Kind]) -> list[Row]:
    return [(kind.name, len(kind.times), percentiles(kind.times), _errors(kind)) for kind in kinds]


def delivery_rows(work: Work) -> list[Row]:
    return [
        ("event that somebody waits for, until its receiver has it", *work.delivered(bulk=False)),
        ("event of many customers, likewise", *work.delivered(bulk=True)),
    ]


def find_what_gave(requests: list[Row], deliveries: list[Row], late: float) -> list[str]:
    """Empty if the portal kept up. `late`: seconds after midnight in which the last delivery arrived."""
    slow = [f"{name}: p99 {times[2]:,.0f} ms" for name, _, times, _ in requests if times[2] > MOST_MILLISECONDS]
    wrong = [f"{name}: {_counted(errors)}" for name, _, _, errors in [*requests, *deliveries] if errors]
    return slow + wrong + ([f"deliveries arrived {late:.0f} s late"] if late > LATENESS else [])


def make_report(day: Day, hour_seconds: float, kinds: list[Kind], work: Work, processor: Processor) -> str:
    requests, deliveries = request_rows(kinds), delivery_rows(work)
    lines = ["| kind | how many | p50, p95, p99 | errors |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {count:,} | {_told(times)} ms | {_counted(errors)} |"
        for name, count, times, errors in requests + deliveries
    ]
    seen = [
        *((f"{day.orders:,} orders: {name}", f"{seconds:.0f} s") for name, seconds in work.done.items()),
        (
            "deliveries that waited: most at a time, at midnight, until",
            f"{work.most_waiting:,}, {work.left_waiting:,}, {work.late:.0f} s later",
        ),
        *processor.rows(),
        ("what gave way", "; ".join(find_what_gave(requests, deliveries, work.late)) or "nothing"),
    ]
    head = f"{day.times} times the realistic size, an hour in {hour_seconds:.0f} s"
    return f"{head}\n\n" + "\n".join(lines) + f"\n\n{markdown_table(seen)}\n"


def _errors(kind: Kind) -> dict[str, int]:
    return {f"status {status}" if status else "no answer": count for status, count in kind.errors.items()}


def _counted(errors: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in errors.items()) or "0"


def _told(times: list[float]) -> str:
    return ", ".join(f"{each:,.0f}" for each in times)

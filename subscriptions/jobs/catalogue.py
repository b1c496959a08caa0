"""The daily jobs, each a row."""

from datetime import timedelta

from subscriptions.jobs import cards, placement_queue, reminders, stock
from subscriptions.jobs.job import Job

JOBS = {
    job.name: job
    for job in [
        Job(
            "reminders",
            "Order reminders",
            hour=lambda merchant: merchant.reminder_hour,
            concerned=reminders.concerned,
            act=reminders.remind,
            at_once=500,
            ends=20,  # nobody is written to at night; the next morning's run tells what this one missed
        ),
        Job(
            "cards",
            "Card expiry check",
            hour=lambda merchant: None if merchant.card_recycling else merchant.reminder_hour,
            concerned=cards.concerned,
            act=cards.warn,
            days=(1, 15),
            lasts=timedelta(days=2),
        ),
        Job(
            "stock",
            "Orders waiting for stock",
            hour=lambda merchant: merchant.placement_hour,
            concerned=stock.concerned,
            act=stock.look,
        ),
        Job(
            "placement",
            "Placement",
            hour=lambda merchant: merchant.placement_hour,
            concerned=placement_queue.concerned,
            act=placement_queue.queue,
            hourly=lambda merchant: merchant.placed_hourly,
        ),
    ]
}

"""The daily jobs, one row each."""

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
            affected_customers=reminders.affected_customers,
            perform=reminders.remind_due_customers,
            at_once=1500,
            ends=20,  # no mail at night; the next morning's run sends the reminders that this one missed
        ),
        Job(
            "cards",
            "Card expiry check",
            hour=lambda merchant: None if merchant.card_recycling else merchant.reminder_hour,
            affected_customers=cards.affected_customers,
            perform=cards.warn_customers,
            days=(1, 15),
            lasts=timedelta(days=2),
        ),
        Job(
            "stock",
            "Orders waiting for stock",
            hour=lambda merchant: merchant.placement_hour,
            affected_customers=stock.affected_customers,
            perform=stock.retry_waiting_orders,
        ),
        Job(
            "placement",
            "Placement",
            hour=lambda merchant: merchant.placement_hour,
            affected_customers=placement_queue.affected_customers,
            perform=placement_queue.queue_due_orders,
            hourly=lambda merchant: merchant.placed_hourly,
        ),
    ]
}

from integrations.base import Road

# 80 % of an account's quota for each endpoint: other programs send under the same quota.
EVENTS = Road("events", per_second=280, per_minute=2800)
BULK_EVENTS = Road("event-bulk-create-jobs", per_second=8, per_minute=120)

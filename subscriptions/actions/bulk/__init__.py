"""Changes of many rows at once: each row by its own action, in a transaction of its own, with a list to undo them by.

`kind` says what a kind of change is; the modules beside it have the kinds of each table; `run` begins, makes and undoes
a run of one.
"""

from subscriptions.actions.bulk import customer_kinds, order_kinds, subscription_kinds
from subscriptions.actions.bulk.kind import BulkKind

BULK_KINDS: dict[str, BulkKind] = {
    kind.name: kind for kind in (*order_kinds.KINDS, *subscription_kinds.KINDS, *customer_kinds.KINDS)
}

__all__ = ["BULK_KINDS", "BulkKind"]

"""The tables that can be imported, by their names."""

from subscriptions.importing.customers import CUSTOMERS
from subscriptions.importing.products import PRODUCTS
from subscriptions.importing.subscriptions import SUBSCRIPTIONS
from subscriptions.importing.table import Table
from subscriptions.models import ImportRun

TABLES: dict[str, Table] = {
    ImportRun.Kind.PRODUCTS: PRODUCTS,
    ImportRun.Kind.CUSTOMERS: CUSTOMERS,
    ImportRun.Kind.SUBSCRIPTIONS: SUBSCRIPTIONS,
}

from subscriptions.importing.command import ImportCommand
from subscriptions.importing.customers import CUSTOMERS


class Command(ImportCommand):
    help = "Import a merchant's customers from a CSV file, all of them or none."
    table = CUSTOMERS

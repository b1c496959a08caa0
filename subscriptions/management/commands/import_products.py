from subscriptions.importing.command import ImportCommand
from subscriptions.importing.products import PRODUCTS


class Command(ImportCommand):
    help = "Import a merchant's products from a CSV file, all of them or none."
    table = PRODUCTS

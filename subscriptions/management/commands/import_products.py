from subscriptions.importing.command import ImportCommand
from subscriptions.importing.products import PRODUCTS


class Command(ImportCommand):
    help = "Bring in a merchant's products from a CSV file, all of them or none."
    table = PRODUCTS

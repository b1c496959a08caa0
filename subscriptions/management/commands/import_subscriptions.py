from subscriptions.importing.command import ImportCommand
from subscriptions.importing.subscriptions import SUBSCRIPTIONS


class Command(ImportCommand):
    help = "Import a merchant's subscriptions from a CSV file, all of them or none."
    table = SUBSCRIPTIONS

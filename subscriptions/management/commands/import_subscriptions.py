from subscriptions.importing.command import ImportCommand
from subscriptions.importing.subscriptions import SUBSCRIPTIONS


class Command(ImportCommand):
    help = "Bring in a merchant's subscriptions from a CSV file, all of them or none."
    table = SUBSCRIPTIONS

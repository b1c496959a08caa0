"""Every refusal of the tables of messages."""

from oneclick.messages import default_messages

ERRORS = [
    (table, code)
    for table, texts in default_messages.DEFAULT_MESSAGES.items()
    for code in texts
    if table != "undo" and not code.startswith("success")
]

"""Copies what Django's admin log holds into the audit, as far as its rows still say whose they are."""

from django.apps import apps as installed
from django.db import migrations


def copy_entries(apps, schema_editor):
    LogEntry = apps.get_model("admin", "LogEntry")
    AuditEntry = apps.get_model("subscriptions", "AuditEntry")
    Merchant = apps.get_model("subscriptions", "Merchant")
    merchants = set(Merchant.objects.values_list("pk", flat=True))
    for kind, entries in group_by_model(LogEntry):
        owners = read_owners(schema_editor.connection, kind, [entry.object_id for entry in entries])
        AuditEntry.objects.bulk_create(
            [
                AuditEntry(
                    merchant_id=owners[entry.object_id],
                    kind="secret" if entry.change_message.startswith("Showed") else "change",
                    user=entry.user,
                    who=(f"{entry.user.first_name} {entry.user.last_name}".strip() or entry.user.username),
                    sentence=describe_entry(entry),
                    model="subscriptions.merchant" if kind == "subscriptions.roleswitch" else kind,
                    row=entry.object_id,
                    about=entry.object_repr,
                    at=entry.action_time,
                )
                for entry in entries
                if owners.get(entry.object_id) in merchants
            ],
            batch_size=1000,
        )


def group_by_model(LogEntry):
    found = {}
    for entry in LogEntry.objects.select_related("user", "content_type").exclude(object_id=None).order_by("pk"):
        kind = f"{entry.content_type.app_label}.{entry.content_type.model}"
        found.setdefault(kind, []).append(entry)
    return found.items()


def read_owners(connection, kind, keys):
    """The merchant of each row that is still there."""
    if kind in ("subscriptions.merchant", "subscriptions.roleswitch"):
        return {key: int(key) for key in keys}
    try:
        table = installed.get_model(kind)._meta.db_table
    except LookupError:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = 'merchant_id'", [table]
        )
        if cursor.fetchone() is None:
            return {}
        cursor.execute(f'SELECT id::text, merchant_id FROM "{table}" WHERE id::text = ANY(%s)', [keys])
        return dict(cursor.fetchall())


def describe_entry(entry):
    """What staff read; Django's own entries are lists in JSON."""
    if not entry.change_message.startswith("["):
        return entry.change_message or "Changed."
    return {1: "Added.", 3: "Deleted."}.get(entry.action_flag, "Changed.")


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0045_audit"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(copy_entries, migrations.RunPython.noop)]

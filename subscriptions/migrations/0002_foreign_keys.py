from django.db import migrations

from subscriptions.foreign_keys import on_delete


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial")]

    operations = [
        on_delete("subscriptions_item", "order_id", "CASCADE"),
        on_delete("subscriptions_onetimeincentive", "order_id", "CASCADE"),
        on_delete("subscriptions_onetimeincentive", "item_id", "CASCADE"),
        on_delete("subscriptions_activity", "order_id", "SET NULL"),
        on_delete("subscriptions_event", "order_id", "SET NULL"),
    ]

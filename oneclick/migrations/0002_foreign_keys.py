from django.db import migrations

from subscriptions.foreign_keys import on_delete


class Migration(migrations.Migration):
    dependencies = [("oneclick", "0001_initial")]

    operations = [on_delete("oneclick_actiontoken", "order_id", "SET NULL")]

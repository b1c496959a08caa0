import django.db.models.deletion
from django.db import migrations, models

# Each delivery is updated twice and each attempt once: with room on its page, the first update of a delivery and that
# of an attempt need no new entries in the indexes.
ROOM = """
ALTER TABLE integrations_delivery SET (fillfactor = 75);
ALTER TABLE integrations_attempt SET (fillfactor = 75);
"""
NO_ROOM = """
ALTER TABLE integrations_delivery RESET (fillfactor);
ALTER TABLE integrations_attempt RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0008_webhooks"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="merchant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscriptions.merchant",
            ),
        ),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]

import django.db.models.deletion
from django.db import migrations, models

# What an order copies to its items needs not be read from the order again.
COPY = """
DROP TRIGGER copy_from_order ON subscriptions_item;
CREATE TRIGGER copy_from_order BEFORE INSERT OR UPDATE OF order_id, order_status, order_place ON subscriptions_item
FOR EACH ROW {condition} EXECUTE FUNCTION subscriptions_copy_from_order();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0038_unplanned_subscriptions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="activity",
            name="merchant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscriptions.merchant",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="merchant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="subscriptions.merchant",
            ),
        ),
        migrations.AlterField(
            model_name="item",
            name="merchant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscriptions.merchant",
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="merchant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="subscriptions.merchant",
            ),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="merchant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="subscriptions",
                to="subscriptions.merchant",
            ),
        ),
        migrations.RunSQL(COPY.format(condition="WHEN (pg_trigger_depth() = 0)"), COPY.format(condition="")),
    ]

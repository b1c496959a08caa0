import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oneclick", "0012_undo_answers"),
        ("subscriptions", "0039_merchant_by_lists"),
    ]

    operations = [
        migrations.AlterField(
            model_name="actiontoken",
            name="merchant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscriptions.merchant",
            ),
        ),
        migrations.AlterField(
            model_name="click",
            name="merchant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscriptions.merchant",
            ),
        ),
    ]

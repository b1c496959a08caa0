from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0011_composed_texts")]
    operations = [
        migrations.AlterField("address", "state_province_code", models.CharField(max_length=255)),
    ]

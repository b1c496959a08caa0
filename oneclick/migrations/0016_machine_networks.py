from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from oneclick.models.machine_networks import known_networks


class Migration(migrations.Migration):
    dependencies = [("oneclick", "0015_gained_items")]

    operations = [
        migrations.AddField(
            model_name="oneclicksettings",
            name="machine_networks",
            field=ArrayField(
                base_field=models.CharField(max_length=43),
                blank=True,
                default=known_networks,
                help_text="Networks whose visitors are asked first, such as 192.0.2.0/24.",
            ),
        ),
    ]

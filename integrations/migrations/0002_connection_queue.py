from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0001_initial'),
    ]

    operations = [
        migrations.RenameField(model_name='connection', old_name='woken', new_name='wake_requested'),
        migrations.RenameField(model_name='connection', old_name='crashes', new_name='attempts'),
        migrations.AlterField(
            model_name='connection',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, help_text='Attempts whose worker died or failed.'),
        ),
    ]

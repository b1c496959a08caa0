import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0002_connection_queue'),
    ]

    operations = [
        migrations.AlterField(
            model_name='attempt',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='time'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='milliseconds',
            field=models.PositiveIntegerField(null=True, verbose_name='response time (ms)'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='status',
            field=models.PositiveSmallIntegerField(help_text='Empty if no answer came.', null=True, verbose_name='HTTP status'),
        ),
        migrations.AlterField(
            model_name='connection',
            name='base_url',
            field=models.URLField(blank=True, help_text='Leave empty for the usual address of the integration.', max_length=500, verbose_name='address'),
        ),
        migrations.AlterField(
            model_name='connection',
            name='last_success_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='last success'),
        ),
        migrations.AlterField(
            model_name='connection',
            name='not_before',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='waiting until'),
        ),
        migrations.AlterField(
            model_name='connection',
            name='paused_reason',
            field=models.CharField(blank=True, help_text='Why sending stopped. Empty while it is sending.', max_length=500),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='attempts_made',
            field=models.PositiveIntegerField(default=0, verbose_name='attempts'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='state',
            field=models.CharField(choices=[('pending', 'Waiting'), ('done', 'Delivered'), ('dead', 'Failed'), ('skipped', 'Not sent')], default='pending', max_length=8),
        ),
    ]

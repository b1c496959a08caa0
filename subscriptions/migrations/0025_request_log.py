import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0024_products_set_by_staff'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey',
            name='last_used',
            field=models.DateTimeField(editable=False, help_text='To the minute.', null=True),
        ),
        migrations.CreateModel(
            name='ApiRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(max_length=8)),
                ('path', models.CharField(help_text='Without the query, which may name a person.', max_length=500)),
                ('status', models.PositiveSmallIntegerField()),
                ('request_id', models.CharField(max_length=64, verbose_name='request ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='time')),
                ('key', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.apikey')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.merchant')),
            ],
            options={
                'verbose_name': 'API request',
                'indexes': [models.Index(fields=['merchant', '-id'], name='api_request_list'), models.Index(fields=['key', '-id'], name='api_request_key'), models.Index(condition=models.Q(('status__gte', 400)), fields=['merchant', '-id'], name='api_request_failed'), models.Index(fields=['merchant', 'request_id'], name='api_request_id'), django.contrib.postgres.indexes.BrinIndex(fields=['at'], name='api_request_age')],
            },
        ),
    ]

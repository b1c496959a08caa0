import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0002_foreign_keys'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='customer',
            name='customer_email',
        ),
        migrations.RemoveIndex(
            model_name='customer',
            name='customer_last_name',
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_kind',
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_list',
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(models.F('merchant'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Lower('email'), name='text_pattern_ops'), name='customer_by_email'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(models.F('merchant'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Lower('first_name'), name='text_pattern_ops'), name='customer_by_first_name'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(models.F('merchant'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Lower('last_name'), name='text_pattern_ops'), name='customer_by_last_name'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(models.F('merchant'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Lower('merchant_user_id'), name='text_pattern_ops'), name='customer_by_merchant_user_id'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['merchant', 'kind', '-at'], name='event_kind'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['merchant', '-at'], name='event_list'),
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0008_test_customers'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderDispatch',
            fields=[
                ('lease_token', models.UUIDField(editable=False, null=True)),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False, help_text='Attempts whose worker died or failed.')),
                ('merchant', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='subscriptions.merchant')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='checkoutrequest',
            name='lease_token',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='idempotencykey',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, help_text='Attempts whose worker died or failed.'),
        ),
        migrations.AddField(
            model_name='idempotencykey',
            name='lease_token',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='idempotencykey',
            name='lease_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='replacement',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, help_text='Attempts whose worker died or failed.'),
        ),
        migrations.AddField(
            model_name='replacement',
            name='lease_token',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='checkoutrequest',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, help_text='Attempts whose worker died or failed.'),
        ),
        migrations.AlterField(
            model_name='checkoutrequest',
            name='lease_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='attempts',
            field=models.PositiveIntegerField(default=0, editable=False, help_text='Attempts whose worker died or failed.'),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='cursor',
            field=models.BigIntegerField(default=0, editable=False, help_text='The key done last; work goes on after it.'),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='lease_token',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='lease_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='replacement',
            name='cursor',
            field=models.BigIntegerField(default=0, editable=False, help_text='The key done last; work goes on after it.'),
        ),
        migrations.AlterField(
            model_name='replacement',
            name='lease_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
        # On the way back the columns must have a value again.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "UPDATE subscriptions_checkoutrequest SET lease_until = created WHERE lease_until IS NULL;"
            "UPDATE subscriptions_replacement SET lease_until = created WHERE lease_until IS NULL;",
        ),
    ]

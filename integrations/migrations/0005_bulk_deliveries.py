import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import subscriptions.models.fields

FILL_CUSTOMER = """
UPDATE integrations_delivery delivery SET customer_id = event.customer_id
FROM subscriptions_event event WHERE event.id = delivery.event_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0004_sandbox'),
        ('subscriptions', '0026_list_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeliveryMinute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minute', models.DateTimeField()),
                ('delivered', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('not_sent', models.PositiveIntegerField(default=0)),
                ('retried', models.PositiveIntegerField(default=0, help_text='Requests that have to be repeated.')),
                ('lag_total', models.FloatField(default=0, help_text='Seconds from event to answer, of all delivered together.')),
                ('lag_longest', models.FloatField(default=0, help_text='Seconds, of the slowest one.')),
            ],
        ),
        migrations.CreateModel(
            name='PaceWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=80)),
                ('road', models.CharField(max_length=40)),
                ('second', models.DateTimeField(default=django.utils.timezone.now, help_text='When the current second began.')),
                ('second_sent', models.PositiveIntegerField(default=0)),
                ('minute', models.DateTimeField(default=django.utils.timezone.now, help_text='When the current minute began.')),
                ('minute_sent', models.PositiveIntegerField(default=0)),
                ('closed_until', models.DateTimeField(help_text='Until when the other side asked for a rest.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SentProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(blank=True, help_text='Lower case.', max_length=254)),
                ('phone_number', models.CharField(blank=True, help_text='E.164.', max_length=40)),
                ('remote_id', models.CharField(blank=True, help_text="The profile's ID at the ESP, where known.", max_length=64)),
                ('status', models.CharField(blank=True, help_text='The subscriber status sent last.', max_length=8)),
                ('sent_at', models.DateTimeField(null=True)),
                ('erased_at', models.DateTimeField(help_text='Nothing more is sent about this customer.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='WebhookTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pattern', models.TextField(blank=True, help_text='Events that are sent: names, family.* or *, joined by |.')),
                ('snapshots', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), blank=True, default=list, size=None)),
                ('old_secret', subscriptions.models.fields.EncryptedField(blank=True)),
                ('old_secret_until', models.DateTimeField(help_text='Until then, bodies are signed with both keys.', null=True)),
                ('secret_shown', models.BooleanField(default=False, help_text='The signing key was shown and is not shown again.')),
                ('updated', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='connection',
            name='connection_name',
        ),
        migrations.RemoveIndex(
            model_name='delivery',
            name='delivery_pending',
        ),
        migrations.RemoveField(
            model_name='connection',
            name='window_sent',
        ),
        migrations.RemoveField(
            model_name='connection',
            name='window_started',
        ),
        migrations.AddField(
            model_name='attempt',
            name='profile_status',
            field=models.CharField(blank=True, max_length=8),
        ),
        migrations.AddField(
            model_name='attempt',
            name='road',
            field=models.CharField(blank=True, max_length=40, verbose_name='endpoint'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='together',
            field=models.PositiveSmallIntegerField(default=1, verbose_name='events in the request'),
        ),
        migrations.AddField(
            model_name='connection',
            name='account',
            field=models.CharField(blank=True, editable=False, help_text="The account's ID at the other side, from the last test.", max_length=64),
        ),
        migrations.AddField(
            model_name='connection',
            name='quota_left',
            field=models.PositiveIntegerField(editable=False, help_text='Requests that the other side still allows, as it said last.', null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='removed_at',
            field=models.DateTimeField(editable=False, help_text='Removed by staff; its deliveries are kept.', null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='resume_at',
            field=models.DateTimeField(editable=False, help_text='When the task starts that is queued for what has to wait.', null=True),
        ),
        migrations.AddField(
            model_name='delivery',
            name='body',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='delivery',
            name='bulk',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='delivery',
            name='customer',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='subscriptions.customer'),
        ),
        migrations.RunSQL(FILL_CUSTOMER, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='delivery',
            name='customer',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='subscriptions.customer'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='due',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='delivery',
            name='first_attempt_at',
            field=models.DateTimeField(null=True, verbose_name='first attempt'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='interrupted',
            field=models.PositiveSmallIntegerField(default=0, help_text='Attempts since the last answer whose worker ended before it noted one.'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='state',
            field=models.CharField(choices=[('pending', 'Waiting'), ('done', 'Delivered'), ('dead', 'Failed'), ('skipped', 'Not sent'), ('unknown', 'Outcome unknown'), ('canceled', 'Canceled')], default='pending', max_length=8),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['connection', 'bulk', 'due', 'id'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['connection', 'customer', 'id'], name='delivery_first'),
        ),
        migrations.AddConstraint(
            model_name='connection',
            constraint=models.UniqueConstraint(condition=models.Q(('removed_at', None)), fields=('merchant', 'name'), name='connection_name'),
        ),
        migrations.AddField(
            model_name='deliveryminute',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='minutes', to='integrations.connection'),
        ),
        migrations.AddConstraint(
            model_name='pacewindow',
            constraint=models.UniqueConstraint(fields=('account', 'road'), name='pace_window_once'),
        ),
        migrations.AddField(
            model_name='sentprofile',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='profiles', to='integrations.connection'),
        ),
        migrations.AddField(
            model_name='sentprofile',
            name='customer',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='subscriptions.customer'),
        ),
        migrations.AddField(
            model_name='webhooktarget',
            name='connection',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='target', to='integrations.connection'),
        ),
        migrations.AddConstraint(
            model_name='deliveryminute',
            constraint=models.UniqueConstraint(fields=('connection', 'minute'), name='delivery_minute_once'),
        ),
        migrations.AddIndex(
            model_name='sentprofile',
            index=models.Index(fields=['connection', 'email'], name='sent_profile_email'),
        ),
        migrations.AddConstraint(
            model_name='sentprofile',
            constraint=models.UniqueConstraint(fields=('connection', 'customer'), name='sent_profile_once'),
        ),
    ]

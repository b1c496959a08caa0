import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import common.web.public_ids
import subscriptions.models.fields


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0003_help_texts'),
        ('subscriptions', '0026_list_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='SandboxFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('429', 'Too many requests (429), Retry-After in seconds'), ('429-date', 'Too many requests (429), Retry-After as a date'), ('429-bare', 'Too many requests (429) without Retry-After'), ('500', 'Server error (500)'), ('502', 'Bad gateway (502)'), ('503', 'Unavailable (503)'), ('400', 'Invalid input (400)'), ('401', 'Wrong key (401)'), ('409', 'Conflict (409)'), ('410', 'Retired revision (410)'), ('timeout', 'No answer'), ('reset', 'Connection cut'), ('slow', 'Slow answer'), ('dripping', 'Answer byte by byte'), ('repeats', 'Repeated events refused (409)'), ('unlimited', 'No rate limits')], max_length=9, verbose_name='what happens')),
                ('endpoint', models.CharField(blank=True, help_text='The name of an endpoint; empty for all.', max_length=32, verbose_name='request')),
                ('share', models.PositiveSmallIntegerField(default=100, help_text='How many of a hundred requests it happens to, at random.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='share (%)')),
                ('milliseconds', models.PositiveIntegerField(default=1000, help_text='How long a slow answer takes, or how long the client shall wait after a 429; 60,000 at most.', validators=[django.core.validators.MaxValueValidator(60000)], verbose_name='time (ms)')),
                ('takes_effect', models.BooleanField(default=False, help_text='The request is stored and only its answer is lost. The client sends it again, as a double.', verbose_name='stored all the same')),
                ('times', models.PositiveIntegerField(blank=True, help_text='It ends after this many. Leave empty for no number.', null=True, verbose_name='requests left')),
                ('until', models.DateTimeField(blank=True, help_text='It ends then. Leave empty for no end.', null=True)),
                ('created', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name': 'sandbox fault',
            },
        ),
        migrations.CreateModel(
            name='SandboxImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', subscriptions.models.fields.PublicIdField(default=common.web.public_ids.new_public_id, editable=False, unique=True)),
                ('total', models.PositiveIntegerField()),
                ('errors', models.JSONField(default=list, help_text='The attributes of an import-error for each refused profile.')),
                ('created', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='SandboxQuota',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('counter', models.CharField(max_length=32)),
                ('second', models.BigIntegerField()),
                ('minute', models.BigIntegerField()),
                ('in_second', models.PositiveIntegerField()),
                ('in_minute', models.PositiveIntegerField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='sandboxevent',
            name='sandbox_event_once',
        ),
        migrations.RemoveConstraint(
            model_name='sandboxprofile',
            name='sandbox_profile_email',
        ),
        migrations.AddField(
            model_name='sandboxevent',
            name='integration',
            field=models.CharField(choices=[('klaviyo', 'Klaviyo'), ('attentive', 'Attentive'), ('webhook', 'Webhook'), ('gladly', 'Gladly')], default='klaviyo', max_length=16),
        ),
        migrations.AddField(
            model_name='sandboxprofile',
            name='details',
            field=models.JSONField(default=dict, help_text='Attributes that are kept as they came, such as the location.'),
        ),
        migrations.AddField(
            model_name='sandboxprofile',
            name='external_id',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name='sandboxprofile',
            name='integration',
            field=models.CharField(choices=[('klaviyo', 'Klaviyo'), ('attentive', 'Attentive'), ('webhook', 'Webhook'), ('gladly', 'Gladly')], default='klaviyo', max_length=16),
        ),
        migrations.AddIndex(
            model_name='sandboxprofile',
            index=models.Index(condition=models.Q(('phone_number', ''), _negated=True), fields=['merchant', 'phone_number'], name='sandbox_profile_phone'),
        ),
        migrations.AddIndex(
            model_name='sandboxprofile',
            index=models.Index(condition=models.Q(('external_id', ''), _negated=True), fields=['merchant', 'external_id'], name='sandbox_profile_external'),
        ),
        migrations.AddIndex(
            model_name='sandboxprofile',
            index=models.Index(fields=['merchant', '-updated'], name='sandbox_profile_list'),
        ),
        migrations.AddConstraint(
            model_name='sandboxevent',
            constraint=models.UniqueConstraint(condition=models.Q(('integration', 'klaviyo')), fields=('profile', 'metric', 'unique_id'), name='sandbox_event_once'),
        ),
        migrations.AddConstraint(
            model_name='sandboxprofile',
            constraint=models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('merchant', 'integration', 'email'), name='sandbox_profile_email'),
        ),
        migrations.AddField(
            model_name='sandboxfault',
            name='merchant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sandbox_faults', to='subscriptions.merchant'),
        ),
        migrations.AddField(
            model_name='sandboximport',
            name='merchant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.merchant'),
        ),
        migrations.AddField(
            model_name='sandboxquota',
            name='merchant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.merchant'),
        ),
        migrations.AddConstraint(
            model_name='sandboxquota',
            constraint=models.UniqueConstraint(fields=('merchant', 'counter'), name='sandbox_quota'),
        ),
        # The counts of a second are worth nothing after a crash, and each request writes one.
        migrations.RunSQL(
            'ALTER TABLE integrations_sandboxquota SET UNLOGGED', 'ALTER TABLE integrations_sandboxquota SET LOGGED'
        ),
    ]

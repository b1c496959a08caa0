import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('oneclick', '0008_undone_tokens'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='messagetext',
            options={'verbose_name': 'message'},
        ),
        migrations.AlterField(
            model_name='click',
            name='action',
            field=models.CharField(help_text='The name of the link action, or `undo`.', max_length=24),
        ),
        migrations.AlterField(
            model_name='click',
            name='opens',
            field=models.BooleanField(default=False, help_text='Whether it opened the link; false where an earlier click of the same visit did.'),
        ),
        migrations.AlterField(
            model_name='click',
            name='outcome',
            field=models.CharField(help_text="One of `NON_REFUSALS`, or the error's code.", max_length=40),
        ),
        migrations.AlterField(
            model_name='landingpage',
            name='auto_hide_seconds',
            field=models.PositiveSmallIntegerField(blank=True, help_text='0 keeps the banner until the customer closes it. Empty: as in the 1-Click settings.', null=True),
        ),
        migrations.AlterField(
            model_name='landingpage',
            name='css_url',
            field=models.URLField(blank=True, help_text='A style sheet of your own.', max_length=1000),
        ),
        migrations.AlterField(
            model_name='oneclicksettings',
            name='auto_hide_seconds',
            field=models.PositiveSmallIntegerField(default=0, help_text='0 keeps the banner until the customer closes it.'),
        ),
        migrations.AlterField(
            model_name='oneclicksettings',
            name='confirm_actions',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('delay', 'Delay'), ('skip', 'Skip'), ('reactivate', 'Reactivate'), ('upsell', 'Upsell')], max_length=16), blank=True, default=list, help_text='Actions that wait for a press of a button; the others act at once.', size=None),
        ),
        migrations.AlterField(
            model_name='oneclicksettings',
            name='corrected_delay_wording',
            field=models.BooleanField(default=False, help_text='Errors of a delay are about the order instead of a reactivation.'),
        ),
        migrations.AlterField(
            model_name='oneclicksettings',
            name='replay_seconds',
            field=models.PositiveSmallIntegerField(default=3, help_text='A click repeated within this time gets the answer of the first.', validators=[django.core.validators.MaxValueValidator(600)]),
        ),
        migrations.AlterField(
            model_name='oneclicksettings',
            name='undo_minutes',
            field=models.PositiveSmallIntegerField(default=10, help_text='0 offers no undo button.'),
        ),
        migrations.AlterField(
            model_name='savedlink',
            name='sms_text',
            field=models.CharField(blank=True, help_text='{link} stands for the link.', max_length=480),
        ),
    ]

from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import subscriptions.models.fields

# Whatever changes the figures of a day's clicks may change which items they gained.
TRIGGER = """
CREATE FUNCTION oneclick_note_gains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscriptions_stalefact (merchant_id, name, at) VALUES (NEW.merchant_id, 'gains', NEW.at);
    RETURN NULL;
END $$;
CREATE TRIGGER note_gains AFTER INSERT ON subscriptions_stalefact
FOR EACH ROW WHEN (NEW.name = 'clicks') EXECUTE FUNCTION oneclick_note_gains();
"""
NO_TRIGGER = """
DROP TRIGGER note_gains ON subscriptions_stalefact;
DROP FUNCTION oneclick_note_gains;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('oneclick', '0014_clicked_product'),
        ('subscriptions', '0055_second_factor'),
    ]

    operations = [
        migrations.CreateModel(
            name='GainedItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(help_text='The day of the click.')),
                ('action', models.CharField(max_length=24)),
                ('value', subscriptions.models.fields.TotalField(decimal_places=2, default=0, max_digits=28, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('click', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='oneclick.click')),
                ('item', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='subscriptions.item')),
                ('landing_page', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='oneclick.landingpage')),
                ('link', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='oneclick.savedlink')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.merchant')),
                ('product', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='subscriptions.product')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('merchant', 'day', 'click', 'item'), name='gained_item_once')],
            },
        ),
        migrations.RunSQL(TRIGGER, NO_TRIGGER),
    ]

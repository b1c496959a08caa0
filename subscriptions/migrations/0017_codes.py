from django.db import migrations, models

import subscriptions.models.fields


class Migration(migrations.Migration):

    dependencies = [("subscriptions", "0016_normalise_codes")]

    operations = [
        migrations.AlterField(
            model_name='merchant',
            name='country_code',
            field=subscriptions.models.fields.CountryField(default='US', help_text='Phone numbers without a country code belong to it, if the customer has no address.', max_length=2, verbose_name='country'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='currency_code',
            field=subscriptions.models.fields.CurrencyField(default='USD', help_text='It stays while there are active subscriptions or orders to come.', max_length=3, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='locale',
            field=subscriptions.models.fields.LocaleField(default='en-us', help_text='Of customers who have not said theirs.', max_length=16, verbose_name='language'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='time_zone',
            field=subscriptions.models.fields.TimeZoneField(default='America/New_York', max_length=64),
        ),
        migrations.AddConstraint(
            model_name='merchant',
            constraint=models.CheckConstraint(condition=models.Q(('country_code__regex', '^[A-Z]{2}$'), ('currency_code__regex', '^[A-Z]{3}$')), name='merchant_codes'),
        ),
    ]

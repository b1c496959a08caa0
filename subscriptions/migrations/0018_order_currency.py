from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("subscriptions", "0017_codes")]

    operations = [
        migrations.RemoveConstraint(
            model_name='order',
            name='order_one_open_per_date',
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(condition=models.Q(('locked', False), ('oos_free_shipping', False), ('status', 1)), fields=('merchant', 'customer', 'place_date', 'payment', 'shipping_address', 'currency_code'), name='order_one_open_per_date'),
        ),
    ]

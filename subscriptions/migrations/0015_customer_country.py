from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("subscriptions", "0014_wide_totals")]

    operations = [
        migrations.AddField(
            model_name='customer',
            name='country_code',
            field=models.CharField(editable=False, help_text='Of the newest address, or null without one.', max_length=2, null=True),
        ),
        migrations.AlterField(
            model_name='customer',
            name='phone_number',
            field=models.CharField(blank=True, help_text='As it was typed.', max_length=40, null=True),
        ),
        migrations.RunSQL(
            """
            UPDATE subscriptions_address
            SET country_code = CASE upper(country_code) WHEN 'UK' THEN 'GB' WHEN 'EL' THEN 'GR' ELSE upper(country_code) END
            WHERE country_code !~ '^[A-Z]{2}$' OR country_code IN ('UK', 'EL')
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            """
            UPDATE subscriptions_customer AS customer SET country_code = newest.country_code
            FROM (
                SELECT DISTINCT ON (customer_id) customer_id, country_code FROM subscriptions_address
                ORDER BY customer_id, address_type = 'shipping_address' DESC, id DESC
            ) AS newest
            WHERE newest.customer_id = customer.id
            """,
            migrations.RunSQL.noop,
        ),
    ]

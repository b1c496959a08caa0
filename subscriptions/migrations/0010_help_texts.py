from decimal import Decimal

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import subscriptions.models.fields
import subscriptions.models.merchant


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0009_leases'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='apikey',
            options={'verbose_name': 'API key'},
        ),
        migrations.AlterModelOptions(
            name='membership',
            options={'verbose_name': 'team member'},
        ),
        migrations.AlterModelOptions(
            name='offer',
            options={'verbose_name': 'variant'},
        ),
        migrations.AlterModelOptions(
            name='offerprofile',
            options={'verbose_name': 'offer'},
        ),
        migrations.AlterModelOptions(
            name='simulatedoutcome',
            options={'verbose_name': 'simulated answer'},
        ),
        migrations.AlterField(
            model_name='cancelreason',
            name='application',
            field=models.CharField(default='msi', help_text='msi: the reasons that staff and customers choose from.', max_length=32),
        ),
        migrations.AlterField(
            model_name='customer',
            name='is_test',
            field=models.BooleanField(default=False, help_text='Never reaches a live gateway or connection.', verbose_name='test customer'),
        ),
        migrations.AlterField(
            model_name='event',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='time'),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='gatewaysettings',
            name='url',
            field=models.URLField(blank=True, help_text='Where orders are sent. It must begin with https://.', max_length=500),
        ),
        migrations.AlterField(
            model_name='gatewaysettings',
            name='without_card',
            field=models.BooleanField(default=False, help_text='Orders carry the payment token, but no card holder, number or expiry.', verbose_name='leave card data out'),
        ),
        migrations.AlterField(
            model_name='item',
            name='one_time',
            field=models.BooleanField(default=False, verbose_name='one-time'),
        ),
        migrations.AlterField(
            model_name='item',
            name='price',
            field=subscriptions.models.fields.MoneyField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='unit price'),
        ),
        migrations.AlterField(
            model_name='item',
            name='total_price',
            field=subscriptions.models.fields.MoneyField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='total'),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='created',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='started'),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='failures',
            field=models.PositiveIntegerField(default=0, help_text='Customers that were passed over for a fault.', verbose_name='errors'),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='local_date',
            field=models.DateField(help_text="The day it is for, in the merchant's zone.", verbose_name='day'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='card_recycling',
            field=models.BooleanField(default=False, help_text='Your platform updates expired cards by itself, so no expiry warnings are sent.', verbose_name='automatic card updates'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='country_code',
            field=models.CharField(default='US', help_text='Two letters, such as US. Phone numbers without a country prefix belong to it.', max_length=2, verbose_name='country'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='currency_code',
            field=models.CharField(default='USD', help_text='Three letters, such as USD.', max_length=3, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='disengaged_after',
            field=models.PositiveSmallIntegerField(blank=True, help_text='How many rejected orders in a row cancel a subscription. Leave empty for never.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='cancel after rejections'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='generic_error_limit',
            field=models.PositiveSmallIntegerField(default=3, help_text='How often an order is tried again after a temporary error of your platform.', verbose_name='retries after errors'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='is_shopify',
            field=models.BooleanField(default=False, verbose_name='Shopify store'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='is_test',
            field=models.BooleanField(default=False, help_text='For demos and tests. A test merchant can use the sandbox.', verbose_name='test merchant'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='locale',
            field=models.CharField(default='en-us', help_text='Such as en-us.', max_length=16, verbose_name='language'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='placed_hourly',
            field=models.BooleanField(default=False, help_text='Due orders are also placed every later hour of the day.', verbose_name='hourly placement'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='placement_hour',
            field=models.PositiveSmallIntegerField(blank=True, default=5, help_text='Without it, automatic placement is off.', null=True, validators=[django.core.validators.MaxValueValidator(11)]),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='prepaid_enabled',
            field=models.BooleanField(default=True, help_text='Customers can turn subscriptions into prepaid ones.', verbose_name='prepaid subscriptions'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='reminder_days',
            field=models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(5)], verbose_name='reminder lead time'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='retry_days',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), blank=True, default=list, help_text='For the manual plan: days after the declined payment, for example 2, 5, 9.', size=10, validators=[subscriptions.models.merchant.validate_retry_days]),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='retry_plan',
            field=models.CharField(choices=[('classic', 'Classic: after 3 and 6 days'), ('optimizer', 'Optimizer: after 1, 3, 6, 10 and 15 days'), ('manual', 'Manual: after the days below'), ('external', 'External: you decide within 24 hours'), ('off', 'Off: rejected right away')], default='classic', max_length=16, verbose_name='payment retries'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='shipping_rate',
            field=subscriptions.models.fields.MoneyField(decimal_places=2, default=0, help_text='Before discounts.', max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='shipping per order'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='shop_url',
            field=models.URLField(help_text="Your shop's home page. Links lead here, and pages lead back to it.", verbose_name='shop address'),
        ),
        migrations.AlterField(
            model_name='merchant',
            name='storefront_key',
            field=subscriptions.models.fields.EncryptedField(blank=True, help_text="Signs requests from your shop's own pages."),
        ),
        migrations.AlterField(
            model_name='offer',
            name='live',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='offer',
            name='usable_in_links',
            field=models.BooleanField(default=False, help_text='1-click links can give this discount.'),
        ),
        migrations.AlterField(
            model_name='offerprofile',
            name='live',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='order',
            name='discount_total',
            field=subscriptions.models.fields.MoneyField(decimal_places=2, default=0, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='discounts'),
        ),
        migrations.AlterField(
            model_name='order',
            name='order_merchant_id',
            field=models.CharField(blank=True, max_length=255, null=True, verbose_name='order ID on your platform'),
        ),
        migrations.AlterField(
            model_name='order',
            name='place_date',
            field=models.DateField(help_text="In the merchant's time zone.", verbose_name='placement date'),
        ),
        migrations.AlterField(
            model_name='order',
            name='shipping_total',
            field=subscriptions.models.fields.MoneyField(decimal_places=2, default=0, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='shipping'),
        ),
        migrations.AlterField(
            model_name='order',
            name='status',
            field=models.PositiveSmallIntegerField(choices=[(1, 'Upcoming'), (3, 'Rejected'), (4, 'Cancelled'), (5, 'Placed'), (6, 'Send now'), (9, 'Waiting for a file'), (10, 'Waiting for verification'), (11, 'Being placed'), (12, 'Failed before sending'), (13, 'Outcome unknown'), (14, 'Answer not understood'), (15, 'Temporary error'), (17, 'Merged'), (18, 'Payment retry'), (19, 'Waiting for a decision'), (20, 'Waiting for classification')], default=1),
        ),
        migrations.AlterField(
            model_name='order',
            name='sub_total',
            field=subscriptions.models.fields.MoneyField(decimal_places=2, default=0, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='subtotal'),
        ),
        migrations.AlterField(
            model_name='order',
            name='tax_total',
            field=subscriptions.models.fields.MoneyField(decimal_places=2, default=0, max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='tax'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='cc_number_ending',
            field=models.CharField(blank=True, max_length=4, null=True, verbose_name='last four digits'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='cc_type',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(1, 'Visa'), (2, 'Mastercard'), (3, 'American Express'), (4, 'Discover'), (5, 'Diners'), (6, 'JCB')], null=True, verbose_name='card type'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='expires_on',
            field=models.DateField(blank=True, help_text='The last day on which the card is valid.', null=True),
        ),
        migrations.AlterField(
            model_name='payment',
            name='live',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='payment_method',
            field=models.CharField(choices=[('credit card', 'Credit card'), ('paypal', 'PayPal'), ('applepay', 'Apple Pay'), ('googlepay', 'Google Pay'), ('shoppay', 'Shop Pay')], default='credit card', max_length=16, verbose_name='method'),
        ),
        migrations.AlterField(
            model_name='placementattempt',
            name='effect',
            field=models.CharField(blank=True, choices=[('placed', 'Placed'), ('verify', 'Being processed'), ('refused', 'Refused'), ('called_off', 'Cancelled by the platform'), ('declined', 'Payment declined'), ('temporary', 'Temporary error'), ('not_sent', 'Failed before sending'), ('no_answer', 'Outcome unknown'), ('unreadable', 'Answer not understood')], help_text='Empty while under way.', max_length=16, verbose_name='result'),
        ),
        migrations.AlterField(
            model_name='placementattempt',
            name='order_merchant_id',
            field=models.CharField(blank=True, max_length=255, verbose_name='order ID on your platform'),
        ),
        migrations.AlterField(
            model_name='product',
            name='autoship_by_default',
            field=models.BooleanField(default=False, verbose_name='subscribed by default'),
        ),
        migrations.AlterField(
            model_name='product',
            name='autoship_enabled',
            field=models.BooleanField(default=False, verbose_name='open to subscriptions'),
        ),
        migrations.AlterField(
            model_name='product',
            name='detail_url',
            field=models.URLField(blank=True, max_length=1000, null=True, verbose_name='product page'),
        ),
        migrations.AlterField(
            model_name='product',
            name='every',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='default frequency'),
        ),
        migrations.AlterField(
            model_name='product',
            name='every_period',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(1, 'days'), (2, 'weeks'), (3, 'months'), (4, 'years')], null=True, verbose_name='unit of the frequency'),
        ),
        migrations.AlterField(
            model_name='product',
            name='external_product_id',
            field=models.CharField(help_text='The ID of this product in your shop.', max_length=255, verbose_name='shop ID'),
        ),
        migrations.AlterField(
            model_name='product',
            name='image_url',
            field=models.URLField(blank=True, max_length=1000, null=True, verbose_name='image'),
        ),
        migrations.AlterField(
            model_name='product',
            name='offer_profile',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='products', to='subscriptions.offerprofile', verbose_name='offer'),
        ),
        migrations.AlterField(
            model_name='product',
            name='premier_enabled',
            field=models.PositiveSmallIntegerField(choices=[(0, 'Disabled'), (1, 'Enabled'), (2, 'Tier')], default=0, verbose_name='premier'),
        ),
        migrations.AlterField(
            model_name='product',
            name='prepaid_eligible',
            field=models.BooleanField(default=False, verbose_name='open to prepaid'),
        ),
        migrations.AlterField(
            model_name='product',
            name='product_type',
            field=models.CharField(choices=[('standard', 'Standard'), ('bundle', 'Bundle'), ('club', 'Club'), ('static price bundle', 'Static price bundle'), ('dynamic price bundle', 'Dynamic price bundle'), ('rotating', 'Rotating'), ('plan', 'Plan')], default='standard', max_length=24, verbose_name='type'),
        ),
        migrations.AlterField(
            model_name='product',
            name='sku',
            field=models.CharField(blank=True, max_length=255, null=True, verbose_name='SKU'),
        ),
        migrations.AlterField(
            model_name='product',
            name='upsell_eligible',
            field=models.BooleanField(default=True, verbose_name='open to upsells'),
        ),
        migrations.AlterField(
            model_name='replacement',
            name='created',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='started'),
        ),
        migrations.AlterField(
            model_name='replacement',
            name='done',
            field=models.PositiveIntegerField(default=0, verbose_name='changed'),
        ),
        migrations.AlterField(
            model_name='replacement',
            name='refused',
            field=models.PositiveIntegerField(default=0, verbose_name='not changed'),
        ),
        migrations.AlterField(
            model_name='simulatedoutcome',
            name='milliseconds',
            field=models.PositiveIntegerField(default=0, help_text='How many milliseconds the answer takes.', verbose_name='response time'),
        ),
        migrations.AlterField(
            model_name='simulatedoutcome',
            name='outcome',
            field=models.CharField(choices=[('000', 'Approve'), ('010', 'Processing (010)'), ('020', 'Technical problem (020)'), ('030', 'Cancel this order (030)'), ('100', 'Card type (100)'), ('110', 'Card number (110)'), ('120', 'Card expiry (120)'), ('130', 'Billing address (130)'), ('140', 'Payment declined (140)'), ('150', 'PayPal (150)'), ('160', 'Do not retry (160)'), ('170', 'No default card (170)'), ('180', 'Strong authentication needed (180)'), ('999', 'Temporary error (999)'), ('777', 'Unknown code'), ('timeout', 'Timeout, not placed'), ('lost', 'Placed, but the answer is lost'), ('500', 'Server error'), ('garbage', 'Unreadable answer')], default='000', max_length=8, verbose_name='answer'),
        ),
        migrations.AlterField(
            model_name='simulatedoutcome',
            name='times',
            field=models.PositiveSmallIntegerField(blank=True, help_text='How many attempts of an order get this answer; later ones are approved. Leave empty for all.', null=True),
        ),
        migrations.AlterField(
            model_name='simulatedplacement',
            name='outcome',
            field=models.CharField(choices=[('000', 'Approve'), ('010', 'Processing (010)'), ('020', 'Technical problem (020)'), ('030', 'Cancel this order (030)'), ('100', 'Card type (100)'), ('110', 'Card number (110)'), ('120', 'Card expiry (120)'), ('130', 'Billing address (130)'), ('140', 'Payment declined (140)'), ('150', 'PayPal (150)'), ('160', 'Do not retry (160)'), ('170', 'No default card (170)'), ('180', 'Strong authentication needed (180)'), ('999', 'Temporary error (999)'), ('777', 'Unknown code'), ('timeout', 'Timeout, not placed'), ('lost', 'Placed, but the answer is lost'), ('500', 'Server error'), ('garbage', 'Unreadable answer')], help_text='Of the last post.', max_length=8),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='external_id',
            field=models.CharField(blank=True, max_length=255, null=True, verbose_name='external ID'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='merchant_order_id',
            field=models.CharField(blank=True, max_length=255, null=True, verbose_name='shop order ID'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='prepaid_orders_per_billing',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='orders per prepayment'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='prepaid_orders_remaining',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='orders remaining'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='price',
            field=subscriptions.models.fields.MoneyField(blank=True, decimal_places=2, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='locked price'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='raw_subscription_type',
            field=models.CharField(choices=[('replenishment', 'Checkout'), ('IU replenishment', 'Added to an order'), ('CSA replenishment', 'Staff')], default='replenishment', max_length=24, verbose_name='origin'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='reminder_days',
            field=models.PositiveSmallIntegerField(default=5, verbose_name='reminder lead time'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='renewal_behavior',
            field=models.CharField(blank=True, choices=[('autorenew', 'Renew'), ('cancel', 'Cancel'), ('downgrade', 'Continue without prepaying')], max_length=16, null=True, verbose_name='after the last order'),
        ),
    ]

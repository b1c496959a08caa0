"""Customers with their addresses and payments. Every action locks the row of the customer it is about."""

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from subscriptions.models.fields import PublicIdField
from subscriptions.models.merchant import Merchant


def prefix_index(column: str) -> models.Index:
    """An index on `column` in lower case that also finds prefixes, in any locale of the database."""
    return models.Index("merchant", OpClass(Lower(column), name="text_pattern_ops"), name=f"customer_by_{column}")


class BackwardDigits(models.Func):
    """The digits of a phone number from the last to the first, so that an index finds it by its end."""

    # The pattern is no parameter: only so does the expression match that of the index in every plan.
    template = r"reverse(regexp_replace(%(expressions)s, '[^0-9]', '', 'g'))"
    output_field = models.TextField()


class Customer(models.Model):
    kept_of_erased = ("locale",)

    class PhoneType(models.IntegerChoices):
        INVALID = 0, "invalid"
        LANDLINE = 1, "landline"
        MOBILE = 2, "mobile"
        VOIP = 3, "voip"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="customers")
    merchant_user_id = models.CharField(max_length=255, help_text="The shop's own id of this customer.")
    first_name = models.CharField(max_length=255)
    last_name = models.CharField(max_length=255)
    email = models.EmailField(max_length=254)
    phone_number = models.CharField(max_length=40, null=True, blank=True, help_text="As it was typed.")
    country_code = models.CharField(
        max_length=2, null=True, editable=False, help_text="Of the newest address, or null without one."
    )
    phone_type = models.PositiveSmallIntegerField(choices=PhoneType, null=True, blank=True)
    locale = models.CharField(max_length=16, default="en-us")
    price_code = models.CharField(max_length=64, null=True, blank=True)
    session_id = models.CharField(max_length=255, null=True, blank=True)
    user_token_id = models.CharField(max_length=255, blank=True)
    extra_data = models.JSONField(null=True, blank=True)
    is_test = models.BooleanField(
        "test customer", default=False, help_text="Never reaches a live gateway or connection."
    )
    clock = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The time it is for this test customer; empty: the real one."
    )
    first_subscribed = models.DateTimeField(null=True, blank=True, editable=False)
    last_login = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(
        "erased", null=True, editable=False, help_text="Since then this is nobody: see actions/customer_erasure.py."
    )
    created = models.DateTimeField(default=timezone.now)
    last_updated = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "merchant_user_id"], name="customer_merchant_user_id"),
            models.CheckConstraint(condition=~models.Q(merchant_user_id=""), name="customer_has_id"),
            models.CheckConstraint(
                condition=models.Q(is_test=True) | models.Q(clock__isnull=True), name="customer_clock_of_test"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-created", "-id"], name="customer_list"),
            models.Index(fields=["merchant", "-last_updated", "-id"], name="customer_updated"),
            models.Index(fields=["merchant"], condition=models.Q(is_test=True), name="customer_test"),
            # Staff search these columns at once: if one had no index, the database could use none of them.
            prefix_index("email"),
            prefix_index("first_name"),
            prefix_index("last_name"),
            prefix_index("merchant_user_id"),
            models.Index(
                "merchant", OpClass(BackwardDigits("phone_number"), name="text_pattern_ops"), name="customer_by_phone"
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def phone_region(self) -> str:
        """The country of the phone number if it has no country code."""
        return self.country_code or self.merchant.country_code


class Address(models.Model):
    """A postal address. Its content never changes; a corrected address is a new row."""

    kept_of_erased = ("address_type", "country_code")

    class Type(models.TextChoices):
        SHIPPING = "shipping_address", "Shipping"
        BILLING = "billing_address", "Billing"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="addresses")
    public_id = PublicIdField()
    address_type = models.CharField(max_length=16, choices=Type, default=Type.SHIPPING)
    label = models.CharField(max_length=255, null=True, blank=True)
    first_name = models.CharField(max_length=255)
    last_name = models.CharField(max_length=255)
    company_name = models.CharField(max_length=255, null=True, blank=True)
    address = models.CharField(max_length=255)
    address2 = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=255)
    state_province_code = models.CharField(max_length=255)
    zip_postal_code = models.CharField(max_length=32)
    country_code = models.CharField(max_length=2)
    phone = models.CharField(max_length=40, blank=True)
    fax = models.CharField(max_length=40, null=True, blank=True)
    token_id = models.CharField(max_length=255, null=True, blank=True)
    store_public_id = models.UUIDField(null=True, blank=True)
    live = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "addresses"
        indexes = [
            models.Index(fields=["merchant", "-created", "public_id"], name="address_list"),
            models.Index(fields=["merchant", "customer", "-created"], name="address_customer"),
        ]

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.address, self.city]))


class Payment(models.Model):
    """A means of payment: the platform's token for it, and the details by which a customer recognises it."""

    kept_of_erased = ("payment_method",)

    class CardType(models.IntegerChoices):
        VISA = 1, "Visa"
        MASTERCARD = 2, "Mastercard"
        AMERICAN_EXPRESS = 3, "American Express"
        DISCOVER = 4, "Discover"
        DINERS = 5, "Diners"
        JCB = 6, "JCB"

    class Method(models.TextChoices):
        CREDIT_CARD = "credit card", "Credit card"
        PAYPAL = "paypal", "PayPal"
        APPLE_PAY = "applepay", "Apple Pay"
        GOOGLE_PAY = "googlepay", "Google Pay"
        SHOP_PAY = "shoppay", "Shop Pay"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="payments")
    public_id = PublicIdField()
    billing_address = models.ForeignKey(Address, models.PROTECT, null=True, blank=True, related_name="+")
    payment_method = models.CharField("method", max_length=16, choices=Method, default=Method.CREDIT_CARD)
    token_id = models.CharField(max_length=255)
    cc_number_ending = models.CharField("last four digits", max_length=4, null=True, blank=True)
    cc_type = models.PositiveSmallIntegerField("card type", choices=CardType, null=True, blank=True)
    cc_holder = models.CharField(max_length=255, null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True, help_text="The last day on which the card is valid.")
    label = models.CharField(max_length=255, null=True, blank=True)
    live = models.BooleanField("active", default=True)
    created = models.DateTimeField(default=timezone.now)
    last_updated = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # Full card numbers are never stored.
            models.CheckConstraint(
                condition=models.Q(cc_number_ending__isnull=True) | models.Q(cc_number_ending__regex=r"^\d{4}$"),
                name="payment_last_four_only",
            )
        ]
        indexes = [
            models.Index(fields=["merchant", "-created", "public_id"], name="payment_list"),
            models.Index(fields=["merchant", "customer", "-created"], name="payment_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.cc_type_description} {self.cc_number_ending or ''}".strip()

    @property
    def cc_type_description(self) -> str:
        """`Visa`, or the name of the method for other means of payment."""
        return str(self.CardType(self.cc_type).label) if self.cc_type else self.get_payment_method_display()

    @property
    def cc_exp_date(self) -> str | None:
        """`MM/YYYY`."""
        return f"{self.expires_on:%m/%Y}" if self.expires_on else None

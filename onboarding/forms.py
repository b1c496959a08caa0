"""What a new merchant and its owner are asked for, by the first-run page and by `create_merchant`."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from onboarding.new_merchant import add_owner, create_merchant
from oneclick.pages.origins import parse_origin
from subscriptions.models import Merchant

CODES = ("time_zone", "currency_code", "country_code", "locale")


class NewMerchantForm(forms.ModelForm):
    shop_url = forms.URLField(
        label="Shop address",
        max_length=200,
        assume_scheme="https",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "https://shop.example", "inputmode": "url"}),
        help_text="Your shop's home page. Only its pages may use the 1-Click script; you can add others later.",
    )

    class Meta:
        model = Merchant
        fields = ["name", "shop_url", *CODES]
        widgets = {
            "name": UnfoldAdminTextInputWidget,
            **dict.fromkeys(CODES, UnfoldAdminSelectWidget),
        }
        labels = {"name": "Name of your shop"}
        help_texts = {"time_zone": "Days begin, and reminders and orders are sent, by this clock."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The model's defaults fit one shop in ten; a wrong zone or currency that nobody chose would go unnoticed.
        self.initial = {}
        for column in Merchant._meta.fields:
            if column.name in CODES:
                field = self.fields[column.name]
                field.initial = None
                # The column's sentence has an example; that of a choice says that it is not one.
                field.error_messages["invalid_choice"] = column.error_messages["invalid_choice"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Merchant.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError("There is already a merchant with this name. Choose another name.")
        return name

    def clean_shop_url(self) -> str:
        url: str = self.cleaned_data["shop_url"]
        if not parse_origin(url):
            raise forms.ValidationError("Enter the whole address of your shop, for example https://shop.example.")
        return url

    def create(self, owner: User, *, is_test: bool = False) -> Merchant:
        """The merchant of a valid form, with `owner` as its owner. Must run in a transaction."""
        merchant = create_merchant(**self.cleaned_data, is_test=is_test)
        add_owner(merchant, owner)
        return merchant


class NewLoginForm(UserCreationForm):
    """The login of somebody who has none yet."""

    class Meta:
        model = User
        fields = ["username", "email"]
        labels = {"username": "Your login"}
        help_texts = {"username": "For example your e-mail address."}
        widgets = {"email": UnfoldAdminTextInputWidget(attrs={"type": "email", "autocomplete": "email"})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["username"].widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "username"})
        for name in ("password1", "password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})

    def save(self, commit: bool = True) -> User:
        self.instance.is_staff = True
        return super().save(commit)

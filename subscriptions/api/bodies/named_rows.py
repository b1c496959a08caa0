"""Fields of bodies that name a row of the caller, and become this row."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from common.web.public_ids import parse_public_id
from subscriptions.errors import SENTENCES
from subscriptions.models import Customer, Product


class NamedRow(serializers.CharField):
    """A row by its public id. Rows that the caller may not see are refused as unknown."""

    column = "public_id"

    def __init__(self, model: type[Model], **options: Any) -> None:
        super().__init__(max_length=255, **options)
        self.model = model

    def visible_rows(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.context["credential"].visible_rows(self.model._default_manager.all())
        return rows

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        super().run_validators(text)
        value = parse_public_id(text) if self.column == "public_id" else text
        row = self.visible_rows().filter(**{self.column: value}).first() if value else None
        if row is None:
            raise ValidationError(f"There is no such {self.model.__name__.lower()}.")
        return row

    def run_validators(self, value: Any) -> None:
        """Nothing: the rules are about the text, and `value` is the row."""


class OwnRow(NamedRow):
    """A payment, an address or a subscription of the customer whose object is changed."""

    def visible_rows(self) -> QuerySet[Any]:
        return super().visible_rows().filter(customer=self.context["owner"])


class NamedCustomer(NamedRow):
    """A customer by the merchant's own id."""

    column = "merchant_user_id"

    def __init__(self, **options: Any) -> None:
        super().__init__(Customer, **options)


class NamedProduct(NamedRow):
    """A product by the merchant's own id. One that is discontinued is refused."""

    column = "external_product_id"

    def __init__(self, **options: Any) -> None:
        super().__init__(Product, **options)

    def to_internal_value(self, data: Any) -> Any:
        product = super().to_internal_value(data)
        if product.discontinued:
            raise ValidationError(SENTENCES["product_discontinued"])
        return product

"""Two merchants with a row in every table; all that one of them wrote carries a mark by which it can be found."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import time_machine
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.utils import timezone

from integrations.models import AgentAction, Connection, GladlyAccount
from integrations.sandbox import private_keys
from integrations.webhooks.targets import create_target
from subscriptions import api_keys
from subscriptions.actions.merchant_deletion import owned_models
from subscriptions.actions.subscription import cancel
from subscriptions.figures.forecast import make_forecast
from subscriptions.models import CancelReason, Merchant, ProductRelationship, RollUp
from tests import factories as f
from tests.admin.conftest import Rows, make_world
from tests.figures.folding import fold
from tests.integrations.events import create_sandbox_connection

MARK = "Foreign"
SHORTEST = 40  # a column for fewer characters has codes in it
# Columns in which the portal expects a form of its own.
FORMS = {
    "actor_id", "application", "body_hash", "cancel_reason", "credential", "digest", "header_name", "kind",
    "landing_host", "merge_tag", "metric", "model", "outcome", "page", "pattern", "property_name", "query", "refusal",
    "remote_id", "road", "row", "slug", "time_zone", "verb",
}  # fmt: skip
User = get_user_model()


@dataclass
class World:
    """`rows` has one row of each model whose rows belong to a merchant; `keys` are the API keys by their scopes."""

    merchant: Merchant
    rows: Rows
    keys: dict[str, str]
    sandbox: dict[str, Connection]

    def find(self, name: str) -> Any:
        """The row of the model of this name."""
        return next(row for model, row in self.rows.items() if model.__name__ == name)


def make_full_world(name: str) -> World:
    # Of an earlier day, so that the figures of its day are folded.
    with time_machine.travel(timezone.now() - timedelta(days=3)):
        made = make_world(name)
    merchant = made.merchant
    merchant.set_storefront_key(f"storefront-{name}")
    keys = {
        scopes: api_keys.create_api_key(merchant, f"{name} {scopes}", scopes.split())[1]
        for scopes in ("read write bulk", "read", "gladly:read gladly:act")
    }
    sandbox = {each: make_sandbox_connection(merchant, name, each) for each in private_keys.PATHS}
    make_more_rows(made.rows, name)
    rows: Rows = {Merchant: merchant, **made.rows}
    fill_tables(rows, name)
    return World(merchant, rows, keys, sandbox)


def make_sandbox_connection(merchant: Merchant, name: str, integration: str) -> Connection:
    url = private_keys.sandbox_url(Connection.Integration(integration))
    made = create_sandbox_connection(merchant, integration=integration, base_url=url, name=f"{name} {integration}")
    if integration == Connection.Integration.GLADLY:
        GladlyAccount.objects.create(connection=made, signing_key=f"signing-{name}", api_user=f"{name}@gladly.test")
    return made


def make_more_rows(rows: Rows, name: str) -> None:
    """What `fill_tables` could not guess."""
    merchant: Any = rows[Merchant]
    product: Any = next(row for model, row in rows.items() if model.__name__ == "Product")
    other = f.ProductFactory(merchant=merchant, name=f"{name} tea")
    ProductRelationship.objects.create(merchant=merchant, from_product=product, to_product=other)
    target = create_target(merchant, "https://93.184.216.34/hook")
    Connection.objects.filter(pk=target.pk).update(name=f"{name} target")
    # Of today, which is not folded yet.
    cancel(f.subscription_with_order(customer__merchant=merchant, product=product), actor=f.STAFF)
    GladlyAccount.objects.filter(connection__merchant=merchant).update(actions_enabled=AgentAction.values)
    CancelReason.objects.filter(merchant=merchant).update(code=100 + merchant.pk)
    fold(merchant)
    make_forecast(merchant)
    rows[RollUp] = RollUp.objects.filter(merchant=merchant).first()


def fill_tables(rows: Rows, name: str) -> None:
    """A row of each model that has none yet."""
    wanted = set(owned_models()) - set(rows)
    while wanted:
        for model in sorted(wanted, key=str):
            of_merchant = {"__".join(owned_models()[model]): rows[Merchant]}
            needed = {field.related_model for field in model._meta.fields if field.is_relation and is_needed(field)}
            if found := model._base_manager.filter(**of_merchant).first():
                rows[model] = found
            elif needed <= {*rows, User}:
                rows[model] = model._base_manager.create(**plain_values(model, rows, name))
        assert not wanted.isdisjoint(rows)
        wanted -= set(rows)


def is_needed(field: Any) -> bool:
    is_made = field.primary_key or field.generated or field.has_default() or getattr(field, "auto_now_add", False)
    return not (is_made or field.null or getattr(field, "auto_now", False))


def plain_values(model: type[models.Model], rows: Rows, name: str) -> dict[str, Any]:
    values = {field.name: plain_value(field, rows, name) for field in model._meta.concrete_fields if is_needed(field)}
    has_merchant = any(field.name == "merchant" for field in model._meta.fields)
    return values | ({"merchant": rows[Merchant]} if has_merchant else {})


def plain_value(field: Any, rows: Rows, name: str) -> object:
    if field.related_model is User:
        return next(row for model, row in rows.items() if model.__name__ == "Membership").user  # type: ignore[attr-defined]
    if field.is_relation:
        return rows[field.related_model]
    if field.name in (named := {model._meta.model_name: row.pk for model, row in rows.items()}):
        return named[field.name]  # a key without a constraint
    if field.choices:
        return field.choices[0][0]
    for kind, value in {
        models.DateTimeField: timezone.now() + timedelta(days=1),
        models.DateField: date(2026, 12, 1),
        models.JSONField: {"text": name},
        models.BinaryField: name.encode(),
        models.CharField: name[: field.max_length],
        models.TextField: name,
        models.BooleanField: False,
    }.items():
        if isinstance(field, kind):
            return value
    return 1


def plant_marks(world: World) -> None:
    """Put MARK before every free text of the merchant's rows."""
    for model, path in owned_models().items():
        rows = model._base_manager.filter(**{"__".join(path): world.merchant})
        keys = list(rows.values_list("pk", flat=True))
        columns = [field for field in model._meta.concrete_fields if is_free_text(field)]
        changes = ", ".join(
            f"{each.column} = left(regexp_replace({each.column}, '^({MARK} )?', '{MARK} '), {each.max_length or 999})"
            for each in columns
        )
        if changes:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {model._meta.db_table} SET {changes} WHERE {model._meta.pk.column} = ANY(%s)", [keys]
                )
    for row in world.rows.values():
        row.refresh_from_db()


def is_free_text(field: Any) -> bool:
    is_text = type(field) in (models.CharField, models.TextField) and not field.choices
    return is_text and field.name not in FORMS and (field.max_length or SHORTEST) >= SHORTEST


def cross_references() -> list[str]:
    """The foreign keys through which a row of one merchant is tied to one of another."""
    found, paths = [], {Merchant: [], **owned_models()}
    for model, path in owned_models().items():
        for field in model._meta.concrete_fields:
            ways = [field.name, *paths.get(field.related_model, [])]
            if field.related_model in owned_models() and ways != path:
                rows = model._base_manager.filter(**{f"{field.name}__isnull": False})
                if rows.exclude(**{"__".join(path): models.F("__".join(ways))}).exists():
                    found.append(f"{model.__name__}.{field.name}")
    return found


def rows_of(merchant: Merchant) -> dict[str, list[Any]]:
    """All rows that belong to the merchant."""
    return {
        model.__name__: list(model._base_manager.filter(**{"__".join(path): merchant.pk}).order_by("pk").values())
        for model, path in {Merchant: ["pk"], **owned_models()}.items()
    }

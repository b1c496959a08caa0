"""`place` of orders, and what items know of their order for lists of a million rows. Triggers keep these columns."""

from django.db import migrations, models

import subscriptions.models.fields

TRIGGERS = """
CREATE FUNCTION subscriptions_set_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.place := subscriptions_place(NEW.merchant_id, NEW.place_date, NEW.tried_at);
    RETURN NEW;
END $$;
CREATE TRIGGER set_place BEFORE INSERT OR UPDATE OF place_date, tried_at, place ON subscriptions_order
FOR EACH ROW EXECUTE FUNCTION subscriptions_set_place();

CREATE FUNCTION subscriptions_copy_from_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT status, place INTO NEW.order_status, NEW.order_place FROM subscriptions_order WHERE id = NEW.order_id;
    RETURN NEW;
END $$;
CREATE TRIGGER copy_from_order BEFORE INSERT OR UPDATE OF order_id, order_status, order_place ON subscriptions_item
FOR EACH ROW EXECUTE FUNCTION subscriptions_copy_from_order();

CREATE FUNCTION subscriptions_copy_to_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE subscriptions_item SET order_status = NEW.status, order_place = NEW.place
    WHERE merchant_id = NEW.merchant_id AND order_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER copy_to_items AFTER UPDATE ON subscriptions_order
FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.place <> NEW.place)
EXECUTE FUNCTION subscriptions_copy_to_items();
"""
NO_TRIGGERS = """
DROP TRIGGER copy_to_items ON subscriptions_order;
DROP TRIGGER copy_from_order ON subscriptions_item;
DROP TRIGGER set_place ON subscriptions_order;
DROP FUNCTION subscriptions_copy_to_items, subscriptions_copy_from_order, subscriptions_set_place;
"""
PLACE = """
CREATE FUNCTION subscriptions_place(merchant bigint, place_date date, tried_at timestamptz) RETURNS timestamp
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE WHEN tried_at IS NULL THEN place_date
        ELSE timezone((SELECT time_zone FROM subscriptions_merchant WHERE id = merchant), tried_at) END;
END $$
"""
# New types write the rows anew. An UPDATE of a million would leave as many dead ones, and change each index by the row.
ORDERS_BEFORE = """
ALTER TABLE subscriptions_order ALTER place TYPE timestamp USING subscriptions_place(merchant_id, place_date, tried_at);
"""
ITEMS_BEFORE = """
CREATE FUNCTION order_of_item(bigint) RETURNS subscriptions_order LANGUAGE sql STABLE AS
    'SELECT * FROM subscriptions_order WHERE id = $1';
ALTER TABLE subscriptions_item
    ALTER order_status TYPE smallint USING (order_of_item(order_id)).status,
    ALTER order_place TYPE timestamp USING (order_of_item(order_id)).place;
DROP FUNCTION order_of_item;
"""


def place_field(*, null: bool) -> subscriptions.models.fields.ClockTimeField:
    help_text = "The last attempt or, before the first, midnight of the placement date. The database keeps it."
    return subscriptions.models.fields.ClockTimeField(blank=True, editable=False, null=null, help_text=help_text)


def copied_fields(*, null: bool) -> dict[str, models.Field]:
    return {
        "order_status": models.PositiveSmallIntegerField(blank=True, editable=False, null=null),
        "order_place": subscriptions.models.fields.ClockTimeField(blank=True, editable=False, null=null),
    }


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0027_webhook_kinds")]

    operations = [
        migrations.RemoveIndex("order", "order_place"),
        migrations.RemoveIndex("order", "order_status_place"),
        migrations.AddField("order", "place", place_field(null=True)),
        *(migrations.AddField("item", name, field) for name, field in copied_fields(null=True).items()),
        migrations.RunSQL(PLACE, "DROP FUNCTION subscriptions_place"),
        migrations.RunSQL(ORDERS_BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL(ITEMS_BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.AlterField("order", "place", place_field(null=False)),
        *(migrations.AlterField("item", name, field) for name, field in copied_fields(null=False).items()),
        *(
            migrations.AddIndex(model, models.Index(fields=fields, name=name))
            for model, name, fields in (
                ("order", "order_place", ["merchant", "-place", "public_id"]),
                ("order", "order_status_place", ["merchant", "status", "-place", "public_id"]),
                ("item", "item_status_list", ["merchant", "order_status", "-created", "public_id"]),
                ("item", "item_place", ["merchant", "-order_place", "public_id"]),
                ("item", "item_status_place", ["merchant", "order_status", "-order_place", "public_id"]),
            )
        ),
    ]

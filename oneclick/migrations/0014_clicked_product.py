from django.db import migrations, models
from django.db.models import DO_NOTHING, F
from django.db.models.functions import Coalesce

PRODUCT = {"db_constraint": False, "db_index": False, "null": True, "on_delete": DO_NOTHING, "related_name": "+"}

# Earlier clicks on the links of orders have none: which items an order had at the click is not kept.
FILL = """
UPDATE oneclick_click click SET product_id = coalesce(item.product_id, subscription.product_id)
FROM oneclick_click old
JOIN oneclick_actiontoken token ON token.id = old.token_id
LEFT JOIN subscriptions_item item ON item.id = old.item_id
LEFT JOIN subscriptions_subscription subscription
    ON subscription.id = coalesce(old.subscription_id, token.subscription_id)
WHERE old.id = click.id AND (item.id IS NOT NULL OR subscription.id IS NOT NULL);
DELETE FROM oneclick_dailyclicks;
UPDATE subscriptions_rollup SET folded_until = NULL WHERE name = 'clicks';
"""
# A click that becomes a person's or a machine's changes what earlier clicks of its subscription gain, as a removal does.
TRIGGER = """
CREATE OR REPLACE FUNCTION oneclick_note_click() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscriptions_stalefact (merchant_id, name, at) VALUES (OLD.merchant_id, 'clicks', OLD.at);
    IF {condition} THEN
        INSERT INTO subscriptions_stalefact (merchant_id, name, at)
        SELECT merchant_id, 'clicks', at FROM oneclick_click WHERE subscription_id = OLD.subscription_id;
    END IF;
    RETURN NULL;
END $$;
"""
DELETED = "TG_OP = 'DELETE'"
DELETED_OR_ANOTHERS = f"{DELETED} OR OLD.likely_machine IS DISTINCT FROM NEW.likely_machine"


class Migration(migrations.Migration):
    dependencies = [("oneclick", "0013_merchant_by_lists")]

    operations = [
        migrations.RemoveConstraint(model_name="dailyclicks", name="daily_clicks_once"),
        migrations.AddField(
            model_name="click",
            name="product",
            field=models.ForeignKey(
                to="subscriptions.product",
                help_text="What the click is about: see `analytics/clicked_product.py`.",
                **PRODUCT,
            ),
        ),
        migrations.AddField(
            model_name="dailyclicks", name="machines_acted", field=models.BigIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="dailyclicks",
            name="product",
            field=models.ForeignKey(to="subscriptions.product", **PRODUCT),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="dailyclicks",
            constraint=models.UniqueConstraint(
                F("merchant"),
                F("day"),
                F("action"),
                Coalesce("link", 0),
                Coalesce("landing_page", 0),
                Coalesce("product", 0),
                F("refusal"),
                name="daily_clicks_once",
            ),
        ),
        migrations.RunSQL(TRIGGER.format(condition=DELETED_OR_ANOTHERS), TRIGGER.format(condition=DELETED)),
    ]

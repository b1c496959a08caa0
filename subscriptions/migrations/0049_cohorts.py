from datetime import date

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Value
from django.db.models.functions import Coalesce

# A change of a subscription takes away what it was and adds what it is.
TRIGGERS = """
DROP TRIGGER note_test ON subscriptions_customer;
DROP TRIGGER note_active ON subscriptions_subscription;
DROP TRIGGER note_begun ON subscriptions_subscription;
DROP FUNCTION subscriptions_note_test, subscriptions_note_active;

CREATE FUNCTION subscriptions_note_begun() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscriptions_activechange (merchant_id, customer, product, started, ended, change)
    SELECT NEW.merchant_id, NEW.customer_id, NEW.product_id, NEW.created, NEW.cancelled, 1
    FROM subscriptions_customer WHERE id = NEW.customer_id AND NOT is_test;
    RETURN NULL;
END $$;
CREATE TRIGGER note_begun AFTER INSERT ON subscriptions_subscription
FOR EACH ROW EXECUTE FUNCTION subscriptions_note_begun();

CREATE FUNCTION subscriptions_note_active() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscriptions_activechange (merchant_id, customer, product, started, ended, change)
    SELECT NEW.merchant_id, NEW.customer_id, now.product, now.started, now.ended, now.change
    FROM subscriptions_customer, (VALUES
        (OLD.product_id, OLD.created, OLD.cancelled, -1),
        (NEW.product_id, NEW.created, NEW.cancelled, 1)
    ) now (product, started, ended, change)
    WHERE id = NEW.customer_id AND NOT is_test;
    RETURN NULL;
END $$;
CREATE TRIGGER note_active AFTER UPDATE OF cancelled, created, product_id ON subscriptions_subscription
FOR EACH ROW WHEN (
    (OLD.cancelled, OLD.created, OLD.product_id) IS DISTINCT FROM (NEW.cancelled, NEW.created, NEW.product_id)
) EXECUTE FUNCTION subscriptions_note_active();

CREATE FUNCTION subscriptions_note_test() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscriptions_activechange (merchant_id, customer, product, started, ended, change)
    SELECT merchant_id, customer_id, product_id, created, cancelled, CASE WHEN NEW.is_test THEN -1 ELSE 1 END
    FROM subscriptions_subscription WHERE merchant_id = NEW.merchant_id AND customer_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER note_test AFTER UPDATE OF is_test ON subscriptions_customer
FOR EACH ROW WHEN (OLD.is_test <> NEW.is_test) EXECUTE FUNCTION subscriptions_note_test();
"""
# What the old changes would have come to is counted below, after the triggers hold the table.
NO_CHANGES = "DELETE FROM subscriptions_activechange; DELETE FROM subscriptions_activecount;"
COUNTS = """
INSERT INTO subscriptions_activecount (merchant_id, subscriptions, subscribers, time_zone)
SELECT subscription.merchant_id, count(*) FILTER (WHERE cancelled IS NULL),
    count(DISTINCT customer_id) FILTER (WHERE cancelled IS NULL), time_zone
FROM subscriptions_subscription subscription
JOIN subscriptions_customer ON subscriptions_customer.id = customer_id AND NOT is_test
JOIN subscriptions_merchant ON subscriptions_merchant.id = subscription.merchant_id
GROUP BY subscription.merchant_id, time_zone;
INSERT INTO subscriptions_cohortcount (merchant_id, product_id, started, ended, n)
SELECT merchant_id, product_id, started, ended, count(*) FROM (
    SELECT subscription.merchant_id, product_id,
        date_trunc('month', subscription.created AT TIME ZONE time_zone)::date AS started,
        date_trunc('month', cancelled AT TIME ZONE time_zone)::date AS ended
    FROM subscriptions_subscription subscription
    JOIN subscriptions_customer ON subscriptions_customer.id = customer_id AND NOT is_test
    JOIN subscriptions_merchant ON subscriptions_merchant.id = subscription.merchant_id
) months
GROUP BY merchant_id, product_id, started, ended;
"""


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0048_daily_cancellations")]

    operations = [
        migrations.RunSQL(NO_CHANGES, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="activecount",
            name="time_zone",
            field=models.CharField(help_text="The zone of the months of `CohortCount`.", max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.DeleteModel(name="ActiveChange"),
        migrations.CreateModel(
            name="ActiveChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customer", models.BigIntegerField()),
                ("product", models.BigIntegerField()),
                ("started", models.DateTimeField()),
                ("ended", models.DateTimeField(null=True)),
                ("change", models.IntegerField()),
                (
                    "merchant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="subscriptions.merchant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CohortCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started", models.DateField(help_text="The first of the month.")),
                ("ended", models.DateField(null=True)),
                ("n", models.BigIntegerField()),
                (
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="subscriptions.merchant",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="subscriptions.product",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        F("merchant"),
                        F("product"),
                        F("started"),
                        Coalesce("ended", Value(date(9999, 12, 31))),
                        name="cohort_count_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, migrations.RunSQL.noop),
        migrations.RunSQL(COUNTS, migrations.RunSQL.noop),
    ]

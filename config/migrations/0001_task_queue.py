from django.db import migrations


class Migration(migrations.Migration):
    """What django-q2's queue table lacks for many tasks: an index for the claim, and ids that last.

    Django still takes the id for an int32 and finds nothing beyond it, so the numbers start again in time; rows live
    for seconds, none is left from the last round.
    """

    dependencies = [("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX task_queue_claim ON django_q_ormq (key, lock, id)",
            "DROP INDEX task_queue_claim",
        ),
        migrations.RunSQL(
            [
                "ALTER TABLE django_q_ormq ALTER COLUMN id TYPE bigint",
                "ALTER SEQUENCE django_q_ormq_id_seq MAXVALUE 2147483647 CYCLE",
            ],
            "ALTER TABLE django_q_ormq ALTER COLUMN id TYPE integer",
        ),
    ]

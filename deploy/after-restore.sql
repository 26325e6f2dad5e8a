-- After a LOGICAL restore (pg_restore, psql < dump), before the services start, as the migrator:
--
--   psql --no-psqlrc --file after-restore.sql "$DATABASE_URL"
--
-- The journal is read in the order of transaction ids, and a new cluster counts these from the beginning: what was
-- restored would stay unread until the counter has passed it, and what is new would come before every watermark. So
-- what was restored goes to the beginning, in its own order, and every watermark with it. Consumers then read all
-- journals once more; their inboxes know what has taken effect, so that nothing happens twice.
--
-- A physical restore (pg_basebackup, archived WAL) keeps the counter and needs none of this.

\set ON_ERROR_STOP on
BEGIN;
DO $$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY['requests', 'matching', 'pledges', 'notifications', 'directory'] LOOP
        EXECUTE format('UPDATE %I.journal SET written_by = ''0''', service);
        EXECUTE format('DELETE FROM %I.watermark', service);
    END LOOP;
END
$$;
COMMIT;

-- After a LOGICAL restore (pg_restore, psql < dump), before the services start, as the migrator:
--
--   psql --no-psqlrc --file after-restore.sql "$DATABASE_URL"
--
-- The journal is read in the order of transaction ids, and a new cluster counts these from the beginning: what was
-- restored would stay unread until the counter has passed it, and what is new would come before every watermark. So
-- what was restored goes to the beginning, in its own order, and every watermark with it. Consumers then read all
-- journals once more; their inboxes know what has taken effect, so that nothing happens twice. Of the audit what had
-- been sealed comes first, then what had not; its chain is in the order of its links and stays as it is. Bookmarks that
-- were given out name places that are no more: with another key they are unknown.
--
-- A physical restore (pg_basebackup, archived WAL) keeps the counter and needs none of this.

\set ON_ERROR_STOP on
BEGIN;
DO $$
DECLARE
    service text;
BEGIN
    -- As the owner, who sees what is behind the wall.
    PERFORM set_config('entraide.role', 'owner', true);
    FOREACH service IN ARRAY ARRAY['requests', 'matching', 'pledges', 'notifications', 'directory'] LOOP
        EXECUTE format('UPDATE %I.journal SET written_by = ''0''', service);
        EXECUTE format('DELETE FROM %I.watermark', service);
        EXECUTE format('UPDATE %I.bookmark_key SET key = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))', service);
        -- The owner has no right to change these, and takes it for a moment.
        EXECUTE format('GRANT UPDATE ON %1$I.audit, %1$I.seal TO CURRENT_USER', service);
        EXECUTE format('UPDATE %1$I.audit SET written_by = CASE WHEN EXISTS (
            SELECT FROM %1$I.seal WHERE seal.position = audit.position) THEN ''0''::xid8 ELSE ''1''::xid8 END', service);
        EXECUTE format('UPDATE %I.seal SET written_by = ''0''', service);
        EXECUTE format('REVOKE UPDATE ON %1$I.audit, %1$I.seal FROM CURRENT_USER', service);
    END LOOP;
END
$$;
COMMIT;

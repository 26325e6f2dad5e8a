-- After a LOGICAL restore (pg_restore, psql < dump), before the services start, as the migrator:
--
--   psql --no-psqlrc --file after-restore.sql "$DATABASE_URL"
--
-- The journal is read in the order of transaction ids, and a new cluster counts these from the beginning: restored
-- events would stay unread until the counter has passed them, and new ones would come before every watermark. So
-- restored events and watermarks are moved to the beginning, in their order. Consumers then read all journals again;
-- their inboxes skip what is applied. In the audit log sealed rows come first, then unsealed ones; the chain is in the
-- order of its links and does not change. Old cursors of event streams name positions that no longer exist: with a new
-- key they are refused.
--
-- A physical restore (pg_basebackup, archived WAL) keeps the counter and needs none of this.

\set ON_ERROR_STOP on
BEGIN;
DO $$
DECLARE
    service text;
BEGIN
    -- As the owner, whom row-level security lets see all rows.
    PERFORM set_config('entraide.role', 'owner', true);
    FOREACH service IN ARRAY ARRAY['requests', 'matching', 'pledges', 'delivery', 'sherloc', 'notifications', 'directory', 'reports', 'console'] LOOP
        EXECUTE format('UPDATE %I.journal SET written_by = ''0''', service);
        EXECUTE format('DELETE FROM %I.watermark', service);
        EXECUTE format('UPDATE %I.bookmark_key SET key = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))', service);
        -- The owner has revoked its right to change these, and grants it temporarily.
        EXECUTE format('GRANT UPDATE ON %1$I.audit, %1$I.seal TO CURRENT_USER', service);
        EXECUTE format('UPDATE %1$I.audit SET written_by = CASE WHEN EXISTS (
            SELECT FROM %1$I.seal WHERE seal.position = audit.position) THEN ''0''::xid8 ELSE ''1''::xid8 END', service);
        EXECUTE format('UPDATE %I.seal SET written_by = ''0''', service);
        EXECUTE format('REVOKE UPDATE ON %1$I.audit, %1$I.seal FROM CURRENT_USER', service);
    END LOOP;
END
$$;
COMMIT;

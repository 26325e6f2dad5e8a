-- A report as at a moment is made of facts also where they make no entry: a statement reads contributions in kind, and what
-- an agreement said, from the journal. So the books are closed to every fact, as they are to entries. Who makes the tables
-- again from the journal records none.
CREATE FUNCTION require_open_moment() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    -- A snapshot from before would not show what has been closed meanwhile.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a fact is recorded in a transaction that is read committed'
            USING ERRCODE = 'check_violation', TABLE = 'journal', CONSTRAINT = 'fact_is_written_in_read_committed';
    -- By now this transaction has its number: whoever closes the books and does not stop it here sees that it runs.
    ELSIF EXISTS (SELECT FROM added CROSS JOIN closed WHERE recorded_at <= until) THEN
        RAISE EXCEPTION 'the books are closed at this moment'
            USING ERRCODE = 'serialization_failure', TABLE = 'journal', CONSTRAINT = 'fact_is_recorded_now';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER fact_is_recorded_now AFTER INSERT ON journal
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_open_moment();

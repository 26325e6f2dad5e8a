-- What can be allocated from a fund is counted in eight parts. Whoever adds to it moves one that nobody else moves just
-- then, and waits for no COMMIT; what can be allocated is what the parts come to, and none of them is below zero.
ALTER TABLE balance RENAME TO balance_part;
ALTER TABLE balance_part
    ADD COLUMN part smallint NOT NULL DEFAULT 0 CHECK (part BETWEEN 0 AND 7),
    DROP CONSTRAINT balance_pkey,
    ADD PRIMARY KEY (fund, part);
INSERT INTO balance_part (fund, part, available_usd_minor)
SELECT fund, part, 0 FROM fund CROSS JOIN generate_series(1, 7) AS part;
ALTER TABLE balance_part ALTER COLUMN part DROP DEFAULT;

-- Of a fund that has no counters it says nothing there is, and whoever proves the books finds that.
CREATE VIEW balance WITH (security_invoker = true) AS
SELECT fund, coalesce(sum(available_usd_minor), 0)::bigint AS available_usd_minor
FROM fund LEFT JOIN balance_part USING (fund) GROUP BY fund;

CREATE OR REPLACE FUNCTION move_balance(of_fund text, by_usd_minor bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    missing bigint := -by_usd_minor;
    held record;
BEGIN
    -- The part of this connection, in which others come seldom between; else any that is free. What PostgreSQL locks and
    -- then finds to have too little by now it keeps, unless it is undone: two who went on with one would wait in a circle.
    BEGIN
        UPDATE balance_part SET available_usd_minor = available_usd_minor + by_usd_minor
        WHERE (fund, part) = (
            SELECT fund, part FROM balance_part
            WHERE fund = of_fund AND part = pg_backend_pid() % 8 AND available_usd_minor + by_usd_minor >= 0
            FOR NO KEY UPDATE SKIP LOCKED);
        IF FOUND THEN
            RETURN true;
        END IF;
        UPDATE balance_part SET available_usd_minor = available_usd_minor + by_usd_minor
        WHERE (fund, part) = (
            SELECT fund, part FROM balance_part WHERE fund = of_fund AND available_usd_minor + by_usd_minor >= 0
            LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED);
        IF FOUND THEN
            RETURN true;
        END IF;
        RAISE no_data_found;
    EXCEPTION WHEN no_data_found THEN
        NULL;
    END;
    IF by_usd_minor > 0 THEN
        -- Somebody has them all. Each connection waits for a part of its own, so that they go on together.
        UPDATE balance_part SET available_usd_minor = available_usd_minor + by_usd_minor
        WHERE fund = of_fund AND part = pg_backend_pid() % 8;
        RETURN FOUND;
    END IF;
    -- No part that is free has as much: it is taken of one after the other, once they are all here.
    PERFORM FROM balance_part WHERE fund = of_fund ORDER BY part FOR NO KEY UPDATE;
    IF missing > coalesce((SELECT available_usd_minor FROM balance WHERE fund = of_fund), 0) THEN
        RETURN false;
    END IF;
    FOR held IN SELECT part, available_usd_minor FROM balance_part WHERE fund = of_fund ORDER BY part LOOP
        UPDATE balance_part SET available_usd_minor = available_usd_minor - least(missing, held.available_usd_minor)
        WHERE fund = of_fund AND part = held.part;
        missing := missing - least(missing, held.available_usd_minor);
        EXIT WHEN missing = 0;
    END LOOP;
    RETURN true;
END
$$;

-- As before, but that a fund is known by its counters in their new table.
CREATE OR REPLACE FUNCTION require_open_books() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    wrong text;
BEGIN
    -- A snapshot from before would not show what has been closed meanwhile.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        wrong := 'entry_is_written_in_read_committed';
    ELSIF EXISTS (
        SELECT FROM added WHERE NOT EXISTS (
            SELECT FROM balance_part CROSS JOIN closed
            WHERE balance_part.fund = added.fund AND effective_on >= open_from AND recorded_at > until))
    THEN
        wrong := CASE
            WHEN EXISTS (SELECT FROM added LEFT JOIN balance_part USING (fund) WHERE balance_part.fund IS NULL)
                THEN 'entry_is_of_a_fund'
            -- The wall behind `periods.hold_open`, which holds the lock of whoever posts.
            WHEN EXISTS (SELECT FROM added, closed WHERE effective_on < open_from) THEN 'entry_is_in_an_open_year'
            -- By now this transaction has its number: whoever closes the books and does not stop it here sees that it
            -- runs. Who makes the tables again from the journal writes what was there before.
            WHEN caller_role() IS DISTINCT FROM 'owner' THEN 'entry_is_recorded_now'
            END;
    END IF;
    IF wrong = 'entry_is_recorded_now' THEN
        RAISE EXCEPTION 'the books are closed at this moment'
            USING ERRCODE = 'serialization_failure', TABLE = 'entry', CONSTRAINT = wrong;
    ELSIF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'an entry is not as it has to be: %', wrong
            USING ERRCODE = 'check_violation', TABLE = 'entry', CONSTRAINT = wrong;
    END IF;
    RETURN NULL;
END
$$;

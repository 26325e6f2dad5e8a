-- append-only: closing
-- Until which moment the books are closed: no entry is recorded at or before `until` any more (`require_entry` below), and
-- nobody who still could is under way at or before `final_until`. One row, of the moment.
CREATE TABLE closed (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    until timestamptz NOT NULL,
    final_until timestamptz NOT NULL CHECK (final_until <= until)
);
INSERT INTO closed (until, final_until) VALUES ('epoch', 'epoch');

CREATE FUNCTION require_no_way_back() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.until < OLD.until OR NEW.final_until < OLD.final_until THEN
        RAISE EXCEPTION 'closed books are not opened again'
            USING ERRCODE = 'check_violation', TABLE = 'closed', CONSTRAINT = 'closed_stays_closed';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER closed_stays_closed BEFORE UPDATE OR DELETE ON closed
    FOR EACH ROW EXECUTE FUNCTION require_no_way_back();

-- What the accounts of a fund held by a moment that is final, so that a balance adds up only what came after. No foreign
-- key: it stays while the tables are made again from the journal.
CREATE TABLE closing (
    fund text NOT NULL,
    as_at timestamptz NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    minor numeric NOT NULL,
    usd_minor numeric NOT NULL,
    postings bigint NOT NULL CHECK (postings > 0),
    PRIMARY KEY (fund, as_at, account, currency)
);
-- An account in kroner is one donor's.
CALL wall_in('closing', 'reads_all(caller_organization(), caller_role())');

CREATE INDEX entry_recorded ON entry (fund, recorded_at);
DROP INDEX posting_account;

-- An entry is written whole, in one statement, and so it is looked at whole: once for all entries of a statement instead
-- of once for each of their postings.
DROP TRIGGER entry_balances ON entry;
DROP TRIGGER entry_balances ON posting;
DROP FUNCTION require_balance();

-- That a posting's entry is there, and of the same fund, `require_balance` sees for all of a statement's at once.
ALTER TABLE posting DROP CONSTRAINT posting_entry_id_fund_fkey;
ALTER TABLE entry DROP CONSTRAINT entry_entry_id_fund_key;
-- That its fund is there `require_entry` sees. A foreign key would lock the fund's row in each entry, and all who write
-- entries of one fund would meet there; `balance` keeps a fund from going.
ALTER TABLE entry DROP CONSTRAINT entry_fund_fkey;
-- Hardly any entry takes another back.
ALTER TABLE entry DROP CONSTRAINT entry_reverses_key;
CREATE UNIQUE INDEX entry_reverses_key ON entry (reverses) WHERE reverses IS NOT NULL;

-- Each asks once for all that can be wrong: a statement more would cost as much as what it looks for.
CREATE FUNCTION require_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    wrong text := CASE
        -- One by one through the key, whatever the plan was first made for.
        WHEN EXISTS (SELECT FROM added LEFT JOIN LATERAL (
                         SELECT true AS has_some FROM posting WHERE posting.entry_id = added.entry_id LIMIT 1
                     ) AS p ON true
                     WHERE has_some IS NULL)
            THEN 'entry_balances'
        WHEN EXISTS (SELECT FROM added LEFT JOIN balance USING (fund) WHERE balance.fund IS NULL)
            THEN 'entry_is_of_a_fund'
        -- A snapshot from before would not show what has been closed meanwhile.
        WHEN current_setting('transaction_isolation') <> 'read committed'
            THEN 'entry_is_written_in_read_committed'
        -- By now this transaction has its number: whoever closes the books and does not stop it here sees that it runs.
        WHEN EXISTS (SELECT FROM added, closed WHERE added.recorded_at <= closed.until)
            -- Who makes the tables again from the journal writes what was there before.
            AND caller_role() IS DISTINCT FROM 'owner'
            THEN 'entry_is_recorded_now'
        -- The wall behind `periods.hold_open`, which holds the lock of whoever posts.
        WHEN EXISTS (SELECT FROM added WHERE effective_on < books_open_from())
            THEN 'entry_is_in_an_open_year'
        END;
BEGIN
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

CREATE FUNCTION require_balance() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY entry_id, book, currency HAVING sum(minor) <> 0)
        OR EXISTS (SELECT FROM added GROUP BY entry_id, book HAVING sum(usd_minor) <> 0)
        -- Nor is anything added to an entry of another day, however well it balances.
        OR EXISTS (SELECT FROM (SELECT DISTINCT entry_id, fund FROM added) AS written LEFT JOIN LATERAL (
                       SELECT true AS is_new FROM entry
                       WHERE entry.entry_id = written.entry_id AND entry.fund = written.fund
                           AND entry.xmin = pg_current_xact_id()::xid LIMIT 1
                   ) AS e ON true
                   WHERE is_new IS NULL)
    THEN
        RAISE EXCEPTION 'the postings of an entry do not balance, or are added to one of another day'
            USING ERRCODE = 'check_violation', TABLE = 'posting', CONSTRAINT = 'entry_balances';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER entry_is_whole AFTER INSERT ON entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_entry();
CREATE TRIGGER entry_balances AFTER INSERT ON posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_balance();
CREATE TRIGGER entry_still_balances AFTER UPDATE ON posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_balance();

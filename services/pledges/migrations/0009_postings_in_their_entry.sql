-- append-only: entry
-- dropped: posting
-- An entry holds its postings: it is never there without them, nobody adds one on another day, and a CHECK, which no
-- trigger can be late for, says what they have to be. With the processes of pledges stopped, as the changes say.
ALTER TABLE posting RENAME TO posting_of_before;

CREATE TYPE posting AS (account text, currency text, minor bigint, usd_minor bigint);

-- Which book an account is of; none for what is no account.
CREATE FUNCTION book_of(account text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN account IN ('pledged', 'pledged_contra') THEN 'pledged'
    WHEN account IN ('receivable', 'committed', 'discharged', 'written_off', 'exchange_difference', 'rounding')
        THEN 'committed'
    WHEN account IN ('cash', 'exchange_position', 'available', 'allocated', 'spent', 'programme_support',
        'bank_charges', 'refunded', 'transferred') THEN 'paid'
    END;

-- A debit is positive, a credit negative; in each book the sums are zero, of each currency and of the worth in dollars.
-- There are a few postings, so that a loop for each of them takes less than a query for all.
CREATE FUNCTION is_double_entry(postings posting[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    one posting;
    other posting;
    of_currency bigint;
    of_book bigint;
BEGIN
    FOREACH one IN ARRAY postings LOOP
        IF (one.currency ~ '^[A-Z]{3}$'
            AND one.minor BETWEEN -1000000000000000 AND 1000000000000000
            AND one.usd_minor BETWEEN -1000000000000000 AND 1000000000000000
            AND (one.minor <> 0 OR one.usd_minor <> 0)
            AND NOT (one.minor < 0 AND one.usd_minor > 0 OR one.minor > 0 AND one.usd_minor < 0)
            AND (one.currency <> 'USD' OR one.minor = one.usd_minor)) IS NOT TRUE
        THEN
            RETURN false;
        END IF;
        of_currency := 0;
        of_book := 0;
        FOREACH other IN ARRAY postings LOOP
            IF book_of(other.account) = book_of(one.account) THEN
                of_book := of_book + other.usd_minor;
                IF other.currency = one.currency THEN
                    of_currency := of_currency + other.minor;
                END IF;
            END IF;
        END LOOP;
        -- That an account is one says that it is of a book.
        IF (book_of(one.account) IS NOT NULL AND of_book = 0 AND of_currency = 0) IS NOT TRUE THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN cardinality(postings) BETWEEN 1 AND 50;
END
$$;

ALTER TABLE entry ADD COLUMN postings posting[];
UPDATE entry SET postings = ARRAY(
    SELECT ROW(p.account, p.currency, p.minor, p.usd_minor)::posting FROM posting_of_before p
    WHERE p.entry_id = entry.entry_id ORDER BY p.position);
ALTER TABLE entry
    ALTER COLUMN postings SET NOT NULL,
    ADD CONSTRAINT entry_balances CHECK (is_double_entry(postings));

DROP TABLE posting_of_before;
DROP FUNCTION require_balance();
DROP TRIGGER entry_is_whole ON entry;
DROP FUNCTION require_entry();

-- What no row can tell of itself; once for all entries of a statement, and by one query.
CREATE FUNCTION require_open_books() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    found record;
    wrong text;
BEGIN
    SELECT bool_or(balance.fund IS NULL) AS of_no_fund, min(recorded_at) AS recorded_at,
        min(effective_on) AS effective_on, (SELECT until FROM closed) AS closed_until, books_open_from() AS open_from
    INTO found FROM added LEFT JOIN balance USING (fund);
    wrong := CASE
        WHEN found.of_no_fund THEN 'entry_is_of_a_fund'
        -- A snapshot from before would not show what has been closed meanwhile.
        WHEN current_setting('transaction_isolation') <> 'read committed' THEN 'entry_is_written_in_read_committed'
        -- By now this transaction has its number: whoever closes the books and does not stop it here sees that it runs.
        -- Who makes the tables again from the journal writes what was there before.
        WHEN found.recorded_at <= found.closed_until AND caller_role() IS DISTINCT FROM 'owner'
            THEN 'entry_is_recorded_now'
        -- The wall behind `periods.hold_open`, which holds the lock of whoever posts.
        WHEN found.effective_on < found.open_from THEN 'entry_is_in_an_open_year'
        END;
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
CREATE TRIGGER entry_is_in_open_books AFTER INSERT ON entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_open_books();

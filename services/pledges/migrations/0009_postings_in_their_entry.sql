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

ALTER TABLE entry ADD COLUMN postings posting[];
-- Nobody looks for entries by them: gathering how they are spread would be for nothing.
ALTER TABLE entry ALTER COLUMN postings SET STATISTICS 0;
UPDATE entry SET postings = ARRAY(
    SELECT ROW(p.account, p.currency, p.minor, p.usd_minor)::posting FROM posting_of_before p
    WHERE p.entry_id = entry.entry_id ORDER BY p.position);
ALTER TABLE entry ALTER COLUMN postings SET NOT NULL;

-- All that a row can tell of itself, in one function: PostgreSQL reads the text of each CHECK anew in each statement. A
-- debit is positive, a credit negative; in each book the sums are zero, of each currency and of the worth in dollars.
-- There are a few postings, so that a loop for each of them takes less than a query for all.
CREATE FUNCTION is_double_entry(e entry) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    one posting;
    other posting;
    book text;
    of_currency bigint;
    of_book bigint;
BEGIN
    IF (e.type IN ('pledged', 'committed', 'recognized', 'received', 'withdrawn', 'lapsed', 'reduced', 'written_off',
            'refunded', 'carried_over', 'brought_forward', 'allocated', 'returned', 'spent', 'disbursed', 'reversed')
        AND (e.pledge_id IS NULL) <> (e.allocation_id IS NULL)
        AND (e.pledge_id IS NULL) = (e.donor IS NULL)
        AND (e.rate IS NULL) = (e.rate_source IS NULL)
        AND (e.rate IS NULL) = (e.rate_date IS NULL)
        -- NaN sorts above every number.
        AND coalesce(e.rate > 0 AND e.rate < 1000000000,
            e.type NOT IN ('pledged', 'committed', 'received', 'refunded'))
        AND (e.type IN ('withdrawn', 'lapsed', 'returned', 'reversed')) = (e.reverses IS NOT NULL)
        AND array_ndims(e.postings) = 1
        AND cardinality(e.postings) BETWEEN 1 AND 50) IS NOT TRUE
    THEN
        RETURN false;
    END IF;
    FOREACH one IN ARRAY e.postings LOOP
        book := book_of(one.account);
        IF (book IS NOT NULL
            AND one.currency ~ '^[A-Z]{3}$'
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
        FOREACH other IN ARRAY e.postings LOOP
            IF book_of(other.account) = book THEN
                of_book := of_book + other.usd_minor;
                IF other.currency = one.currency THEN
                    of_currency := of_currency + other.minor;
                END IF;
            END IF;
        END LOOP;
        IF (of_book = 0 AND of_currency = 0) IS NOT TRUE THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END
$$;
ALTER TABLE entry
    DROP CONSTRAINT entry_type,
    DROP CONSTRAINT entry_check,
    DROP CONSTRAINT entry_check1,
    DROP CONSTRAINT entry_rate,
    DROP CONSTRAINT entry_rate_check,
    DROP CONSTRAINT entry_reverses,
    ADD CONSTRAINT entry_is_sound CHECK (is_double_entry(entry));

DROP TABLE posting_of_before;
DROP FUNCTION require_balance();
DROP TRIGGER entry_is_whole ON entry;
DROP FUNCTION require_entry();

-- From which day on entries may take effect, beside until when the books are closed: one row answers both.
ALTER TABLE closed ADD COLUMN open_from date NOT NULL DEFAULT '2000-01-01';
UPDATE closed SET open_from = books_open_from();

-- Nor does anybody say another day than the years do.
CREATE OR REPLACE FUNCTION require_no_way_back() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.until < OLD.until OR NEW.final_until < OLD.final_until
        OR NEW.open_from <> OLD.open_from AND NEW.open_from <> books_open_from()
    THEN
        RAISE EXCEPTION 'closed books are not opened again'
            USING ERRCODE = 'check_violation', TABLE = 'closed', CONSTRAINT = 'closed_stays_closed';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION keep_open_from() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE closed SET open_from = books_open_from();
    RETURN NULL;
END
$$;
CREATE TRIGGER period_opens_and_closes AFTER INSERT OR UPDATE OR DELETE ON period
    FOR EACH STATEMENT EXECUTE FUNCTION keep_open_from();

-- What no row can tell of itself; once for all entries of a statement, and by one query where all is well.
CREATE FUNCTION require_open_books() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    wrong text;
BEGIN
    -- A snapshot from before would not show what has been closed meanwhile.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        wrong := 'entry_is_written_in_read_committed';
    ELSIF EXISTS (
        SELECT FROM added WHERE NOT EXISTS (
            SELECT FROM balance CROSS JOIN closed
            WHERE balance.fund = added.fund AND effective_on >= open_from AND recorded_at > until))
    THEN
        wrong := CASE
            WHEN EXISTS (SELECT FROM added LEFT JOIN balance USING (fund) WHERE balance.fund IS NULL)
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
CREATE TRIGGER entry_is_in_open_books AFTER INSERT ON entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_open_books();

-- Room in each page for the versions of a counter that many entries move at once.
ALTER TABLE balance SET (fillfactor = 10);

-- append-only: entry
-- Each posting that is not in dollars says by which rate its worth follows from its amount, whose and of which day: what
-- leaves the books at the rate at which it stood there is in one entry with what comes at that of the day. With the
-- processes of pledges stopped, as the changes say: those of before write postings without.
ALTER TYPE posting
ADD ATTRIBUTE rate numeric,
ADD ATTRIBUTE rate_currency text,
ADD ATTRIBUTE rate_source text,
ADD ATTRIBUTE rate_date date;

-- As before, but for the rates of postings.
CREATE OR REPLACE FUNCTION is_double_entry(e entry) RETURNS boolean
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
            AND (one.currency <> 'USD' OR one.minor = one.usd_minor AND one.rate IS NULL)) IS NOT TRUE
        THEN
            RETURN false;
        END IF;
        IF num_nonnulls(one.rate, one.rate_currency, one.rate_source, one.rate_date) > 0
            AND (one.rate > 0 AND one.rate < 1000000000 AND one.rate_currency ~ '^[A-Z]{3}$'
                AND num_nonnulls(one.rate_source, one.rate_date) = 2) IS NOT TRUE
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

-- What an entry of before says of its rate its postings say, but for those at a rate that it does not tell: of an open
-- pledge that was committed, and of what was owed where it was paid. So the facts of before tell it, too.
UPDATE entry SET postings = ARRAY(
    SELECT ROW(
        p.account, p.currency, p.minor, p.usd_minor,
        CASE WHEN known THEN entry.rate END, CASE WHEN known THEN coalesce(came.currency, p.currency) END,
        CASE WHEN known THEN entry.rate_source END, CASE WHEN known THEN entry.rate_date END
    )::posting
    FROM unnest(postings) WITH ORDINALITY AS p (account, currency, minor, usd_minor, rate, rate_currency, rate_source,
        rate_date, place)
    LEFT JOIN (SELECT currency FROM unnest(entry.postings) WHERE account = 'cash') AS came ON true
    CROSS JOIN LATERAL (
        SELECT p.currency <> 'USD'
            AND NOT (entry.type = 'committed' AND p.account IN ('pledged', 'pledged_contra'))
            AND NOT (came.currency IS NOT NULL AND p.account IN ('receivable', 'rounding')) AS known
    ) AS told
    ORDER BY place
)
WHERE rate IS NOT NULL AND EXISTS (SELECT FROM unnest(postings) WHERE currency <> 'USD');

-- append-only: closing_of_donor, closing_of_years
-- What a donor's entries of a fund came to by a moment that is final, so that its balances and its statement take as long
-- after a million postings as after a thousand. By itself, since a closing repeats all its rows: of several hundred donors
-- one for all would have to be written whenever any of them had entries. No foreign key: see `closing`.
CREATE TABLE closing_of_donor (
    donor text NOT NULL,
    fund text NOT NULL,
    as_at timestamptz NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    year smallint NOT NULL,
    minor numeric NOT NULL,
    usd_minor numeric NOT NULL,
    postings bigint NOT NULL CHECK (postings > 0),
    PRIMARY KEY (donor, fund, as_at, account, currency, year)
);
CALL wall_in('closing_of_donor', 'reads_all(caller_organization(), caller_role())');
CREATE INDEX entry_donor_recorded ON entry (donor, fund, recorded_at) WHERE donor IS NOT NULL;

-- Of which flow another is a part is looked for by the type of its entry: of a pledge with thousands of receipts, too.
DROP INDEX entry_pledge;
CREATE INDEX entry_pledge ON entry (pledge_id, type) WHERE pledge_id IS NOT NULL;
DROP INDEX entry_allocation;
CREATE INDEX entry_allocation ON entry (allocation_id, type) WHERE allocation_id IS NOT NULL;

-- What a fund's agreements committed for which year, by each of its closings: one row, also where that is nothing.
CREATE TABLE closing_of_years (
    fund text NOT NULL,
    as_at timestamptz NOT NULL,
    years smallint[] NOT NULL,
    committed_usd_minor numeric[] NOT NULL CHECK (cardinality(committed_usd_minor) = cardinality(years)),
    written_off_usd_minor numeric[] NOT NULL CHECK (cardinality(written_off_usd_minor) = cardinality(years)),
    PRIMARY KEY (fund, as_at)
);
CALL wall_in('closing_of_years', 'reads_all(caller_organization(), caller_role())');

-- What is set aside for no work package is for requests or for activities, which a statement tells apart. The service makes
-- the closings anew from the entries, and those of donors and years with them. As before the column has no default: a
-- process of the version before writes none meanwhile, and reads these.
TRUNCATE closing;
ALTER TABLE closing
ADD COLUMN of_activities boolean NOT NULL,
DROP CONSTRAINT closing_pkey,
ADD PRIMARY KEY (fund, as_at, account, currency, work_package, of_activities, year);

-- When the last closing of a fund was by then, and of a donor's entries in a fund; '-infinity' where there is none. Each is
-- written so that PostgreSQL plans it as a part of the statement that asks.
CREATE FUNCTION last_closing(of_fund text, by_then timestamptz) RETURNS TABLE (as_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(max(c.as_at), '-infinity') FROM closing c WHERE c.fund = of_fund AND c.as_at <= by_then;
END;
CREATE FUNCTION last_closing_of_donor(of_donor text, of_fund text, by_then timestamptz)
RETURNS TABLE (as_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(max(c.as_at), '-infinity') FROM closing_of_donor c
    WHERE c.donor = of_donor AND c.fund = of_fund AND c.as_at <= by_then;
END;

-- What a fund's accounts, and a donor's entries in it, came to by a moment, in parts that are to be added up: those of the
-- last closing and each posting that was recorded since.
CREATE FUNCTION held_by_fund(of_fund text, by_then timestamptz)
RETURNS TABLE (
    account text, currency text, work_package text, of_activities boolean, year smallint,
    minor numeric, usd_minor numeric, postings bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT parts.* FROM last_closing(of_fund, by_then) AS last CROSS JOIN LATERAL (
        SELECT c.account, c.currency, c.work_package, c.of_activities, c.year, c.minor, c.usd_minor, c.postings
        FROM closing c WHERE c.fund = of_fund AND c.as_at = last.as_at
        UNION ALL
        SELECT p.account, p.currency, coalesce(a.work_package, ''), a.activity_id IS NOT NULL,
            extract(year FROM e.effective_on)::smallint, p.minor::numeric, p.usd_minor::numeric, 1
        FROM entry e LEFT JOIN allocation a USING (allocation_id) CROSS JOIN unnest(e.postings) AS p
        WHERE e.fund = of_fund AND e.recorded_at > last.as_at AND e.recorded_at <= by_then
    ) AS parts;
END;
CREATE FUNCTION held_by_donor(of_donor text, of_fund text, by_then timestamptz)
RETURNS TABLE (
    account text, currency text, year smallint, minor numeric, usd_minor numeric, postings bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT parts.* FROM last_closing_of_donor(of_donor, of_fund, by_then) AS last CROSS JOIN LATERAL (
        SELECT c.account, c.currency, c.year, c.minor, c.usd_minor, c.postings
        FROM closing_of_donor c WHERE c.donor = of_donor AND c.fund = of_fund AND c.as_at = last.as_at
        UNION ALL
        SELECT p.account, p.currency, extract(year FROM e.effective_on)::smallint, p.minor::numeric,
            p.usd_minor::numeric, 1
        FROM entry e CROSS JOIN unnest(e.postings) AS p
        WHERE e.donor = of_donor AND e.fund = of_fund AND e.recorded_at > last.as_at AND e.recorded_at <= by_then
    ) AS parts;
END;

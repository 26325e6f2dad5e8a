-- append-only: rate, fund_requirement, fund_gender_marker, entry, closing
-- Amounts are whole minor units (cents), `usd_minor` their worth in US cents. Texts are in tables of their own
-- (`*_text`), so that they can be erased; the journal holds a salted hash of them. Their foreign keys are deferred,
-- because the tables they refer to can be rebuilt from the journal.

-- -- roles ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION reads_all(organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service')
    OR (role = 'finance_officer' AND (organization = 'UNODC' OR starts_with(organization, 'UNODC-')));

-- What a donor gave is for that donor, too.
CREATE FUNCTION reads_of_donor(of_donor text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN reads_all(organization, role) OR coalesce(role = 'donor_officer' AND of_donor = organization, false);

-- -- funds ------------------------------------------------------------------------------------------------------------

-- All callers with a role may read funds, their requirements, balances, years and exchange rates: no row-level
-- security.
CREATE TABLE fund (
    fund text PRIMARY KEY CHECK (fund ~ '^[A-Z][A-Z0-9-]{2,31}$'),
    fund_id uuid NOT NULL UNIQUE,
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    opened_at timestamptz NOT NULL
);

CREATE TABLE fund_text (
    fund text PRIMARY KEY REFERENCES fund DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    ar text NOT NULL,
    en text NOT NULL,
    es text NOT NULL,
    fr text NOT NULL,
    ru text NOT NULL,
    zh text NOT NULL
);

-- A fund's requirement for a year, for one of SHERLOC's work packages or for none (''). Revisions are added, never
-- overwritten: a report as of a moment reads those recorded by then. `revision` is the fund's; the last one counts; 0
-- is no requirement.
CREATE TABLE fund_requirement (
    fund text NOT NULL REFERENCES fund,
    year smallint NOT NULL CHECK (year BETWEEN 2000 AND 2100),
    work_package text NOT NULL CHECK (work_package IN (
        '', 'case_law_upload', 'development', 'hosting', 'legal_research', 'maintenance', 'training', 'translation')),
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    revision integer NOT NULL CHECK (revision > 0),
    reason text CHECK (length(reason) BETWEEN 1 AND 64),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (fund, year, work_package, revision),
    -- The requirements of the opening have no reason; each later one has.
    CHECK ((reason IS NULL) = (revision = 1))
);

-- The gender equality marker of a fund or of a work package; revised as requirements are. NULL takes it back.
CREATE TABLE fund_gender_marker (
    fund text NOT NULL REFERENCES fund,
    work_package text NOT NULL CHECK (work_package IN (
        '', 'case_law_upload', 'development', 'hosting', 'legal_research', 'maintenance', 'training', 'translation')),
    gender_marker smallint CHECK (gender_marker BETWEEN 0 AND 2),
    revision integer NOT NULL CHECK (revision > 0),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (fund, work_package, revision)
);

-- What can be allocated from a fund. The row is inserted with the fund: a lock on a missing row locks nothing. The fill
-- factor leaves room in each page for the row versions of many updates.
CREATE TABLE balance (
    fund text PRIMARY KEY REFERENCES fund,
    available_usd_minor bigint NOT NULL CHECK (available_usd_minor >= 0)
) WITH (fillfactor = 10);

-- Adds to the balance, or subtracts from it; false if it would become negative. Fails at once (55P03) if another
-- transaction holds the row. The lock is a statement of its own, so that the next one sees what was committed until
-- then.
CREATE FUNCTION move_balance(of_fund text, by_usd_minor bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM balance WHERE fund = of_fund FOR UPDATE NOWAIT;
    UPDATE balance SET available_usd_minor = available_usd_minor + by_usd_minor
    WHERE fund = of_fund AND available_usd_minor + by_usd_minor >= 0;
    RETURN FOUND;
END
$$;

-- -- rates of exchange ------------------------------------------------------------------------------------------------

-- Several sources may have a rate for the same day: money/model.py decides which one counts, not the key. The rate has
-- no scale: ten decimals are few for a currency of which a dollar is a million.
CREATE TABLE rate (
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from date NOT NULL,
    source text NOT NULL,
    -- NaN is greater than every number, so a lower bound alone accepts it.
    usd_per_unit numeric NOT NULL CHECK (usd_per_unit > 0 AND usd_per_unit < 1000000000),
    rate_table_id uuid NOT NULL,
    loaded_by uuid,
    PRIMARY KEY (currency, source, valid_from),
    CHECK (currency <> 'USD' OR usd_per_unit = 1)
);

-- -- imported flows ---------------------------------------------------------------------------------------------------

-- Flows as others reported them, in a table of FTS or an IATI activity file: beside the ledger, in none of its totals.
CREATE TABLE flow_import (
    import_id uuid PRIMARY KEY,
    format text NOT NULL CHECK (format IN ('fts_csv', 'iati')),
    file_hash text NOT NULL CHECK (file_hash ~ '^[0-9a-f]{64}$'),
    rows integer NOT NULL CHECK (rows BETWEEN 1 AND 5000),
    accepted integer NOT NULL CHECK (accepted >= 0),
    rejected integer NOT NULL CHECK (rejected >= 0),
    recorded_at timestamptz NOT NULL,
    CHECK (accepted + rejected = rows)
);

CREATE TABLE imported_flow (
    import_id uuid NOT NULL REFERENCES flow_import DEFERRABLE INITIALLY DEFERRED,
    -- The line of a table, of which the first is the header; or the number of a transaction of an IATI file, from 1.
    line integer NOT NULL CHECK (line > 0),
    -- The reporter's id: the same flow is accepted once, however often its table is sent.
    source_id text NOT NULL UNIQUE CHECK (source_id ~ '^[A-Za-z0-9._-]{1,60}$'),
    reference text NOT NULL CHECK (length(reference) <= 200),
    date date NOT NULL,
    status text NOT NULL CHECK (status IN ('pledge', 'commitment', 'paid')),
    flow_type text NOT NULL CHECK (length(flow_type) <= 60),
    method text NOT NULL CHECK (length(method) <= 60),
    donor text NOT NULL CHECK (length(donor) BETWEEN 1 AND 200),
    destination text NOT NULL CHECK (length(destination) <= 200),
    minor bigint NOT NULL CHECK (minor BETWEEN 1 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    -- As reported, in units per US dollar or in US dollars; for an IATI file our own rate, with source and day.
    rate text NOT NULL CHECK (rate ~ '^[0-9]{1,9}([.][0-9]{1,18})?$'),
    rate_source text,
    rate_date date,
    usage_from smallint CHECK (usage_from BETWEEN 1900 AND 2199),
    usage_until smallint CHECK (usage_until BETWEEN 1900 AND 2199),
    description text NOT NULL CHECK (length(description) <= 2000),
    PRIMARY KEY (import_id, line),
    CHECK (usage_from <= usage_until),
    CONSTRAINT imported_flow_valued CHECK ((rate_source IS NULL) = (rate_date IS NULL))
);

CREATE TABLE rejected_row (
    import_id uuid NOT NULL REFERENCES flow_import DEFERRABLE INITIALLY DEFERRED,
    line integer NOT NULL CHECK (line > 0),
    source_id text NOT NULL CHECK (source_id ~ '^[A-Za-z0-9._-]{0,60}$'),
    slug text NOT NULL CHECK (slug ~ '^[a-z]+(-[a-z]+)*$'),
    "column" text,
    PRIMARY KEY (import_id, line)
);

CALL wall_in('flow_import', 'reads_all(caller_organization(), caller_role())');
CALL wall_in('imported_flow', 'reads_all(caller_organization(), caller_role())');
CALL wall_in('rejected_row', 'reads_all(caller_organization(), caller_role())');

-- -- requirements -----------------------------------------------------------------------------------------------------

CREATE TABLE requirement (
    requirement_id uuid PRIMARY KEY,
    match_id uuid NOT NULL UNIQUE,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    -- The line's codes; null for a kind that may endanger people.
    about jsonb,
    status text NOT NULL CHECK (status IN ('open', 'cancelled')),
    revision integer NOT NULL CHECK (revision > 0),
    minor bigint NOT NULL CHECK (minor BETWEEN 1 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    rate text NOT NULL,
    rate_source text NOT NULL,
    rate_date date NOT NULL,
    -- What was spent on a match before it was revoked stays covered.
    covered_usd_minor bigint NOT NULL CHECK (covered_usd_minor BETWEEN 0 AND usd_minor),
    opened_at timestamptz NOT NULL
);
CREATE INDEX requirement_request ON requirement (request_id, requirement_id);
CREATE INDEX requirement_unfunded ON requirement (opened_at, requirement_id)
WHERE status = 'open' AND covered_usd_minor < usd_minor;

CREATE FUNCTION sees_requirement(of_state text, of_provider text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN reads_all(organization, role)
    OR (role IN ('focal_point', 'official') AND of_state = organization)
    OR (role = 'provider_officer' AND of_provider = organization);

CALL wall_in('requirement', 'sees_requirement(state, provider, caller_organization(), caller_role())');

-- From which pledge a match is to be paid, as the parties to its package agreed; from facts of matching.
CREATE TABLE agreed_pledge (
    match_id uuid PRIMARY KEY,
    package_id uuid NOT NULL,
    pledge_id uuid NOT NULL,
    minor bigint NOT NULL CHECK (minor > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$')
);

CALL wall_in('agreed_pledge', 'EXISTS (SELECT FROM requirement r WHERE r.match_id = agreed_pledge.match_id)');

-- Results of deliveries, from facts of delivery: what was reported, and from when to when it was confirmed.
CREATE TABLE measured_result (
    result_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    delivery_id uuid NOT NULL,
    indicator text NOT NULL,
    actual bigint NOT NULL CHECK (actual >= 0),
    target bigint CHECK (target >= 0),
    measured_on date NOT NULL,
    confirmed_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (result_id, version),
    CHECK (ended_at IS NULL OR confirmed_at IS NOT NULL)
);
CREATE INDEX measured_result_delivery ON measured_result (delivery_id);
CREATE UNIQUE INDEX measured_result_valid ON measured_result (result_id) WHERE ended_at IS NULL;

CALL wall_in('measured_result', 'reads_all(caller_organization(), caller_role())');

-- -- pledges ----------------------------------------------------------------------------------------------------------

CREATE TABLE pledge (
    pledge_id uuid PRIMARY KEY,
    donor text NOT NULL,
    fund text NOT NULL REFERENCES fund,
    status text NOT NULL CONSTRAINT pledge_status CHECK (status IN ('pledged', 'committed', 'partially_received',
        'received', 'withdrawn', 'lapsed', 'written_off', 'refunded', 'closed')),
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    minor bigint NOT NULL CHECK (minor BETWEEN 1 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    earmarking text NOT NULL CHECK (earmarking IN ('unearmarked', 'softly_earmarked', 'earmarked', 'tightly_earmarked')),
    -- The requirement of one match for which the donor pledged. Two people may release the earmark with the donor's
    -- consent; the pledge still names the requirement.
    requirement_id uuid REFERENCES requirement,
    -- The portal extension for which the donor pledged, which the sherloc service knows.
    extension_id uuid,
    -- The imported flow it was made from.
    import_id uuid REFERENCES flow_import,
    import_line integer CHECK (import_line > 0),
    -- As pledged; `open_usd_minor` is the part neither agreed nor reduced.
    pledged_on date NOT NULL,
    pledged_at timestamptz NOT NULL,
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    rate text NOT NULL,
    rate_source text NOT NULL,
    rate_date date NOT NULL,
    open_usd_minor bigint NOT NULL,
    -- As agreed; `recognized_minor` is owed without a condition, or paid.
    agreement text CHECK (length(agreement) BETWEEN 1 AND 64),
    committed_on date CHECK (committed_on >= pledged_on),
    committed_usd_minor bigint CHECK (committed_usd_minor BETWEEN 0 AND 1000000000000000),
    committed_rate text,
    committed_rate_source text,
    committed_rate_date date,
    support_cost_basis_points integer CHECK (support_cost_basis_points BETWEEN 0 AND 10000),
    recognized_minor bigint NOT NULL,
    -- Received.
    receipts integer NOT NULL CHECK (receipts >= 0),
    received_on date CHECK (received_on >= committed_on),
    received_minor bigint NOT NULL,
    received_usd_minor bigint NOT NULL CHECK (received_usd_minor >= 0),
    support_cost_usd_minor bigint NOT NULL CHECK (support_cost_usd_minor >= 0),
    -- Bank charges, which cannot be carried over to another fund.
    charges_usd_minor bigint NOT NULL CHECK (charges_usd_minor >= 0),
    -- The part of the commitment no longer owed, at the rate of the agreement.
    relieved_usd_minor bigint NOT NULL CHECK (relieved_usd_minor >= 0),
    -- Written off, refunded, carried over.
    written_off_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    refunded_usd_minor bigint NOT NULL CHECK (refunded_usd_minor >= 0),
    carried_over_usd_minor bigint NOT NULL CHECK (carried_over_usd_minor >= 0),
    CONSTRAINT pledge_to_requirement CHECK (requirement_id IS NULL OR earmarking IN ('earmarked', 'tightly_earmarked')),
    CONSTRAINT pledge_to_extension CHECK (extension_id IS NULL OR requirement_id IS NULL AND earmarking = 'earmarked'),
    CONSTRAINT pledge_of_a_flow CHECK ((import_id IS NULL) = (import_line IS NULL)),
    CONSTRAINT pledge_open CHECK (open_usd_minor BETWEEN 0 AND usd_minor
        AND (status = 'pledged' OR open_usd_minor = 0)),
    CONSTRAINT pledge_agreed CHECK ((status IN ('pledged', 'withdrawn', 'lapsed')) = (committed_on IS NULL)),
    CHECK ((committed_on IS NULL) = (committed_usd_minor IS NULL)),
    CHECK ((committed_on IS NULL) = (committed_rate IS NULL)),
    CHECK ((committed_on IS NULL) = (support_cost_basis_points IS NULL)),
    CONSTRAINT pledge_rate_of_agreement CHECK (
        num_nonnulls(committed_rate, committed_rate_source, committed_rate_date) IN (0, 3)),
    CONSTRAINT pledge_recognized CHECK (recognized_minor BETWEEN 0 AND minor
        AND (committed_on IS NOT NULL OR recognized_minor = 0)),
    -- Checked in Python first: no receipt exceeds what is owed, and nothing written off is paid.
    CONSTRAINT pledge_owed CHECK (received_minor >= 0 AND written_off_minor >= 0
        AND received_minor + written_off_minor <= recognized_minor),
    CONSTRAINT pledge_refunded CHECK (refunded_minor BETWEEN 0 AND received_minor),
    CHECK (coalesce(relieved_usd_minor <= committed_usd_minor, relieved_usd_minor = 0))
);
CREATE INDEX pledge_donor ON pledge (donor, pledge_id);
CREATE INDEX pledge_fund ON pledge (fund, pledge_id);
CREATE INDEX pledge_requirement ON pledge (requirement_id) WHERE requirement_id IS NOT NULL;
-- At most one pledge per imported flow, whatever becomes of it.
CREATE UNIQUE INDEX pledge_import ON pledge (import_id, import_line) WHERE import_id IS NOT NULL;
-- For the sum of what is owed, which reads only agreements with outstanding amounts.
CREATE INDEX pledge_owed ON pledge (fund) WHERE committed_usd_minor > relieved_usd_minor;

CREATE TABLE pledge_text (
    pledge_id uuid PRIMARY KEY REFERENCES pledge DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    note text NOT NULL
);

-- Instalments of an agreement; receipts are entries. An instalment of 0 was reduced to nothing.
CREATE TABLE instalment (
    pledge_id uuid NOT NULL REFERENCES pledge,
    number smallint NOT NULL CHECK (number > 0),
    due_on date NOT NULL,
    minor bigint NOT NULL CHECK (minor BETWEEN 0 AND 1000000000000000),
    condition text CHECK (length(condition) BETWEEN 1 AND 64),
    met_on date CHECK (met_on IS NULL OR condition IS NOT NULL),
    reminders smallint NOT NULL DEFAULT 0 CHECK (reminders BETWEEN 0 AND 9),
    PRIMARY KEY (pledge_id, number)
);
CREATE INDEX instalment_due ON instalment (due_on);

CALL wall_in('pledge', 'reads_of_donor(donor, caller_organization(), caller_role())');
CALL wall_in('pledge_text', 'EXISTS (SELECT FROM pledge p WHERE p.pledge_id = pledge_text.pledge_id)');
CALL wall_in('instalment', 'EXISTS (SELECT FROM pledge p WHERE p.pledge_id = instalment.pledge_id)');

-- -- contributions in kind --------------------------------------------------------------------------------------------

-- Gifts that are not money: valued beside the ledger, in none of its entries and totals.
CREATE TABLE in_kind_contribution (
    in_kind_contribution_id uuid PRIMARY KEY,
    donor text NOT NULL,
    fund text NOT NULL REFERENCES fund,
    form text NOT NULL CHECK (length(form) BETWEEN 1 AND 64),
    status text NOT NULL CHECK (status IN ('declared', 'acknowledged', 'withdrawn', 'struck')),
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    minor bigint NOT NULL CHECK (minor BETWEEN 1 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    rate text NOT NULL,
    rate_source text NOT NULL,
    rate_date date NOT NULL,
    provided_on date NOT NULL,
    declared_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    ended_at timestamptz,
    reason text CHECK (length(reason) BETWEEN 1 AND 64),
    CHECK ((status IN ('acknowledged', 'struck')) = (acknowledged_at IS NOT NULL)),
    CHECK ((status IN ('withdrawn', 'struck')) = (ended_at IS NOT NULL)),
    CHECK ((status = 'struck') = (reason IS NOT NULL))
);
CREATE INDEX in_kind_contribution_donor ON in_kind_contribution (donor, in_kind_contribution_id);
CREATE INDEX in_kind_contribution_fund ON in_kind_contribution (fund, in_kind_contribution_id);
-- For a fund's total of contributions in kind.
CREATE INDEX in_kind_contribution_worth ON in_kind_contribution (fund) INCLUDE (usd_minor)
WHERE status = 'acknowledged';

CREATE TABLE in_kind_contribution_text (
    in_kind_contribution_id uuid PRIMARY KEY REFERENCES in_kind_contribution DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    description text NOT NULL
);

CALL wall_in('in_kind_contribution', 'reads_of_donor(donor, caller_organization(), caller_role())');
CALL wall_in('in_kind_contribution_text', 'EXISTS (SELECT FROM in_kind_contribution c
    WHERE c.in_kind_contribution_id = in_kind_contribution_text.in_kind_contribution_id)');

-- -- activities and allocations ---------------------------------------------------------------------------------------

-- Paid by a fund without a State's request and outside work packages. It names no State.
CREATE TABLE activity (
    activity_id uuid PRIMARY KEY,
    fund text NOT NULL REFERENCES fund,
    activity_kind text NOT NULL CHECK (length(activity_kind) BETWEEN 1 AND 64),
    status text NOT NULL CHECK (status IN ('planned', 'completed', 'cancelled')),
    revision integer NOT NULL CHECK (revision > 0),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    texts_hash text NOT NULL,
    topics text[] NOT NULL CHECK (cardinality(topics) <= 20),
    pillars text[] NOT NULL CHECK (cardinality(pillars) <= 20),
    gender_marker smallint NOT NULL CHECK (gender_marker BETWEEN 0 AND 2),
    starts_on date NOT NULL,
    ends_on date NOT NULL CHECK (ends_on >= starts_on),
    planned_at timestamptz NOT NULL,
    completed_on date CHECK (completed_on >= starts_on),
    participants integer CHECK (participants BETWEEN 0 AND 1000000),
    ended_at timestamptz,
    reason text CHECK (length(reason) BETWEEN 1 AND 64),
    CHECK ((status = 'planned') = (ended_at IS NULL)),
    CHECK ((status = 'completed') = (completed_on IS NOT NULL)),
    CHECK (participants IS NULL OR status = 'completed'),
    CHECK ((status = 'cancelled') = (reason IS NOT NULL))
);
CREATE INDEX activity_fund ON activity (fund, activity_id);

CREATE TABLE activity_text (
    activity_id uuid PRIMARY KEY REFERENCES activity DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200)
);

-- For a work package, a requirement (and then its request, line, State and provider), or an activity.
CREATE TABLE allocation (
    allocation_id uuid PRIMARY KEY,
    fund text NOT NULL REFERENCES fund,
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 1 AND 1000000000000000),
    spent_usd_minor bigint NOT NULL DEFAULT 0,
    status text NOT NULL CONSTRAINT allocation_status CHECK (status IN ('made', 'returned', 'reversed')),
    revision integer NOT NULL CHECK (revision > 0),
    allocated_on date NOT NULL,
    allocated_at timestamptz NOT NULL,
    work_package text CHECK (work_package IN (
        'case_law_upload', 'development', 'hosting', 'legal_research', 'maintenance', 'training', 'translation')),
    activity_id uuid REFERENCES activity,
    requirement_id uuid REFERENCES requirement,
    request_id uuid,
    line_id uuid,
    state text,
    provider text,
    CONSTRAINT allocation_spent CHECK (spent_usd_minor BETWEEN 0 AND usd_minor),
    CONSTRAINT allocation_purpose CHECK (num_nonnulls(work_package, requirement_id, activity_id) = 1)
);
CREATE INDEX allocation_fund ON allocation (fund, allocation_id);
CREATE INDEX allocation_requirement ON allocation (requirement_id) WHERE requirement_id IS NOT NULL;
CREATE INDEX allocation_activity ON allocation (activity_id) WHERE activity_id IS NOT NULL;

CREATE FUNCTION sees_allocation(
    work_package text, of_activity uuid, of_state text, of_provider text, organization text, role text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN reads_all(organization, role)
    OR (role = 'donor_officer' AND (work_package IS NOT NULL OR of_activity IS NOT NULL))
    OR coalesce(role IN ('focal_point', 'official') AND of_state = organization, false)
    OR coalesce(role = 'provider_officer' AND of_provider = organization, false);

CALL wall_in('allocation',
    'sees_allocation(work_package, activity_id, state, provider, caller_organization(), caller_role())');

-- -- the ledger -------------------------------------------------------------------------------------------------------

-- A debit is positive, a credit negative. A posting in another currency than dollars has the rate of its worth, with
-- source and day: an entry may have postings at the rate at which money was carried and postings at the rate of the
-- day.
CREATE TYPE posting AS (
    account text,
    currency text,
    minor bigint,
    usd_minor bigint,
    rate numeric,
    rate_currency text,
    rate_source text,
    rate_date date
);

-- The book of an account; null for an unknown account.
CREATE FUNCTION book_of(account text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN account IN ('pledged', 'pledged_contra') THEN 'pledged'
    WHEN account IN ('receivable', 'committed', 'discharged', 'written_off', 'exchange_difference', 'rounding')
        THEN 'committed'
    WHEN account IN ('cash', 'exchange_position', 'available', 'allocated', 'spent', 'programme_support',
        'bank_charges', 'refunded', 'transferred') THEN 'paid'
    END;

-- An entry holds its postings: it never exists without them, none is added later, and a CHECK, unlike a trigger, cannot
-- run too late to validate them.
--
-- No foreign key to the fund: each entry would lock the fund's row, and all writers of one fund would wait for each
-- other. `require_open_books` checks that the fund has a balance, whose foreign key keeps the fund from being deleted.
CREATE TABLE entry (
    entry_id uuid PRIMARY KEY,
    type text NOT NULL,
    fund text NOT NULL,
    pledge_id uuid REFERENCES pledge,
    allocation_id uuid REFERENCES allocation,
    donor text,
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    rate numeric,
    rate_source text,
    rate_date date,
    postings posting[] NOT NULL,
    reverses uuid REFERENCES entry
);
-- No query searches entries by their postings, so statistics of them are not collected.
ALTER TABLE entry ALTER COLUMN postings SET STATISTICS 0;
CREATE INDEX entry_fund ON entry (fund, entry_id);
CREATE INDEX entry_recorded ON entry (fund, recorded_at);
CREATE INDEX entry_donor ON entry (donor, entry_id) WHERE donor IS NOT NULL;
-- For entries that take effect after a day: a trial balance of a year that has just ended is the current one less
-- those. For all funds together, so that an entry adds only its day to the index.
CREATE INDEX entry_effective ON entry (effective_on);
-- With the type: a flow's parent is found by the type of its entry, also for a pledge with thousands of receipts.
CREATE INDEX entry_pledge ON entry (pledge_id, type) WHERE pledge_id IS NOT NULL;
CREATE INDEX entry_allocation ON entry (allocation_id, type) WHERE allocation_id IS NOT NULL;
-- An entry can be reversed once; few entries reverse another.
CREATE UNIQUE INDEX entry_reverses_key ON entry (reverses) WHERE reverses IS NOT NULL;

-- All checks within a row, in one function: PostgreSQL parses the text of each CHECK again in each statement. In each
-- book the sums are zero, for each currency and for the worth in dollars. Entries have few postings, so nested loops
-- are faster than a query.
CREATE FUNCTION is_double_entry(of_type text, of_pledge_id uuid, of_allocation_id uuid, of_donor text, of_rate numeric,
    of_rate_source text, of_rate_date date, of_reverses uuid, of_postings posting[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    one posting;
    other posting;
    book text;
    of_currency bigint;
    of_book bigint;
BEGIN
    IF (of_type IN ('pledged', 'committed', 'recognized', 'received', 'withdrawn', 'lapsed', 'reduced', 'written_off',
            'refunded', 'carried_over', 'brought_forward', 'allocated', 'returned', 'spent', 'disbursed', 'reversed')
        AND (of_pledge_id IS NULL) <> (of_allocation_id IS NULL)
        AND (of_pledge_id IS NULL) = (of_donor IS NULL)
        AND (of_rate IS NULL) = (of_rate_source IS NULL)
        AND (of_rate IS NULL) = (of_rate_date IS NULL)
        -- NaN is greater than every number.
        AND coalesce(of_rate > 0 AND of_rate < 1000000000,
            of_type NOT IN ('pledged', 'committed', 'received', 'refunded'))
        AND (of_type IN ('withdrawn', 'lapsed', 'returned', 'reversed')) = (of_reverses IS NOT NULL)
        AND array_ndims(of_postings) = 1
        AND cardinality(of_postings) BETWEEN 1 AND 50) IS NOT TRUE
    THEN
        RETURN false;
    END IF;
    FOREACH one IN ARRAY of_postings LOOP
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
        FOREACH other IN ARRAY of_postings LOOP
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
ALTER TABLE entry ADD CONSTRAINT entry_is_sound CHECK (
    is_double_entry(type, pledge_id, allocation_id, donor, rate, rate_source, rate_date, reverses, postings));

CALL wall_in('entry', 'reads_of_donor(donor, caller_organization(), caller_role())');

-- -- proposals --------------------------------------------------------------------------------------------------------

-- What one person proposes and another one decides.
CREATE TABLE proposal (
    proposal_id uuid PRIMARY KEY,
    measure text NOT NULL CONSTRAINT proposal_measure CHECK (
        measure IN ('write_off', 'refund', 'reversal', 'reopening', 'earmark_release')),
    status text NOT NULL CHECK (status IN ('open', 'approved', 'refused')),
    revision integer NOT NULL CHECK (revision > 0),
    reason text NOT NULL,
    effective_on date NOT NULL,
    proposed_by uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    pledge_id uuid REFERENCES pledge,
    donor text,
    fund text REFERENCES fund,
    minor bigint CHECK (minor BETWEEN 1 AND 1000000000000000),
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    -- The conditional part that lapses with a write-off, shown to the second person.
    conditional_minor bigint CHECK (conditional_minor BETWEEN 0 AND 1000000000000000),
    entry_id uuid REFERENCES entry,
    year smallint CHECK (year BETWEEN 2000 AND 2100),
    decided_by uuid,
    decided_at timestamptz,
    CHECK ((status = 'open') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
    -- The proposer may not approve.
    CHECK (status <> 'approved' OR decided_by <> proposed_by),
    CONSTRAINT proposal_of_pledge CHECK (
        (measure IN ('write_off', 'refund', 'earmark_release')) = (pledge_id IS NOT NULL)),
    CONSTRAINT proposal_of_entry CHECK ((measure = 'reversal') = (entry_id IS NOT NULL)),
    CONSTRAINT proposal_of_year CHECK ((measure = 'reopening') = (year IS NOT NULL)),
    CONSTRAINT proposal_money CHECK (
        (minor IS NULL) = (currency IS NULL) AND (measure IN ('refund', 'write_off')) = (minor IS NOT NULL))
);
-- One open proposal for the same thing.
CREATE UNIQUE INDEX proposal_open ON proposal (measure, coalesce(pledge_id, entry_id, '00000000-0000-0000-0000-000000000000'))
WHERE status = 'open';
CALL wall_in('proposal', 'reads_all(caller_organization(), caller_role())');

-- -- closed years, finality -------------------------------------------------------------------------------------------

CREATE TABLE period (
    year smallint PRIMARY KEY CHECK (year BETWEEN 2000 AND 2100),
    period_id uuid NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('closed', 'reopened')),
    revision integer NOT NULL CHECK (revision > 0),
    carried_forward json NOT NULL,
    closed_at timestamptz NOT NULL
);

-- The first day on which entries may take effect: after the last closed year, or from the first reopened one.
CREATE FUNCTION books_open_from() RETURNS date
LANGUAGE sql STABLE
RETURN make_date(coalesce(
    (SELECT max(year) + 1 FROM period WHERE status = 'closed'), (SELECT min(year) FROM period), 2000)::integer, 1, 1);

-- No fact or entry is recorded at or before `until` any more, and no running transaction may still record one at or
-- before `final_until`, the finality watermark. `open_from` is the result of `books_open_from`. One row, so that one
-- read returns all three.
CREATE TABLE closed (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    until timestamptz NOT NULL,
    final_until timestamptz NOT NULL CHECK (final_until <= until),
    open_from date NOT NULL
);
INSERT INTO closed (until, final_until, open_from) VALUES ('epoch', 'epoch', books_open_from());

CREATE FUNCTION require_no_way_back() RETURNS trigger
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
CREATE TRIGGER closed_stays_closed BEFORE UPDATE OR DELETE ON closed
    FOR EACH ROW EXECUTE FUNCTION require_no_way_back();

CREATE FUNCTION keep_open_from() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE closed SET open_from = books_open_from();
    RETURN NULL;
END
$$;
CREATE TRIGGER period_opens_and_closes AFTER INSERT OR UPDATE OR DELETE ON period
    FOR EACH STATEMENT EXECUTE FUNCTION keep_open_from();

-- Checks beyond a single row, once for all entries of a statement, with one query if all are valid.
CREATE FUNCTION require_open_books() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    wrong text;
BEGIN
    -- A snapshot taken earlier would not show what has been closed since.
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
            -- Checked in Python first: `fiscal_years.share_lock_open_years`, which locks the years.
            WHEN EXISTS (SELECT FROM added, closed WHERE effective_on < open_from) THEN 'entry_is_in_an_open_year'
            -- By now this transaction has its number: a transaction that closes the books and does not stop this one
            -- sees that it runs. A rebuild from the journal, as the owner, writes entries of earlier times.
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

-- The books are closed to every fact as they are to entries: a report as of a moment also reads facts without entries
-- from the journal, as a statement does for contributions in kind and agreements. A rebuild from the journal records no
-- fact.
CREATE FUNCTION require_open_moment() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    -- A snapshot taken earlier would not show what has been closed since.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a fact is recorded in a transaction that is read committed'
            USING ERRCODE = 'check_violation', TABLE = 'journal', CONSTRAINT = 'fact_is_written_in_read_committed';
    -- By now this transaction has its number: a transaction that closes the books and does not stop this one sees that
    -- it runs.
    ELSIF EXISTS (SELECT FROM added CROSS JOIN closed WHERE recorded_at <= until) THEN
        RAISE EXCEPTION 'the books are closed at this moment'
            USING ERRCODE = 'serialization_failure', TABLE = 'journal', CONSTRAINT = 'fact_is_recorded_now';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER fact_is_recorded_now AFTER INSERT ON journal
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_open_moment();

-- -- balance snapshots: balances of accounts as of a final moment -----------------------------------------------------

-- With them a balance adds up only later postings, and takes as long after a million postings as after a thousand. The
-- service writes them from the entries. No foreign keys: they stay while the tables are rebuilt from the journal.

-- Of a fund's accounts, by the year of the value date and by the purpose of allocations: a work package, or '' for
-- requests and activities.
CREATE TABLE closing (
    fund text NOT NULL,
    as_of timestamptz NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    work_package text NOT NULL,
    of_activities boolean NOT NULL,
    year smallint NOT NULL,
    minor numeric NOT NULL,
    usd_minor numeric NOT NULL,
    postings bigint NOT NULL CHECK (postings > 0),
    PRIMARY KEY (fund, as_of, account, currency, work_package, of_activities, year)
);

-- A balance in kroner is one donor's.
CALL wall_in('closing', 'reads_all(caller_organization(), caller_role())');

-- The last snapshot of a fund by then; '-infinity' if there is none. Written so that PostgreSQL inlines it into the
-- calling statement.
CREATE FUNCTION last_closing(of_fund text, by_then timestamptz) RETURNS TABLE (as_of timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(max(c.as_of), '-infinity') FROM closing c WHERE c.fund = of_fund AND c.as_of <= by_then;
END;

-- The balances of a fund's accounts as of a moment, in parts to be added up: the last snapshot and each later posting.
CREATE FUNCTION held_by_fund(of_fund text, by_then timestamptz)
RETURNS TABLE (
    account text, currency text, work_package text, of_activities boolean, year smallint,
    minor numeric, usd_minor numeric, postings bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT parts.* FROM last_closing(of_fund, by_then) AS last CROSS JOIN LATERAL (
        SELECT c.account, c.currency, c.work_package, c.of_activities, c.year, c.minor, c.usd_minor, c.postings
        FROM closing c WHERE c.fund = of_fund AND c.as_of = last.as_of
        UNION ALL
        SELECT p.account, p.currency, coalesce(a.work_package, ''), a.activity_id IS NOT NULL,
            extract(year FROM e.effective_on)::smallint, p.minor::numeric, p.usd_minor::numeric, 1
        FROM entry e LEFT JOIN allocation a USING (allocation_id) CROSS JOIN unnest(e.postings) AS p
        WHERE e.fund = of_fund AND e.recorded_at > last.as_of AND e.recorded_at <= by_then
    ) AS parts;
END;

-- append-only: rate, fund_requirement, fund_gender_marker, entry, closing
-- Amounts are whole minor units (cents), `usd_minor` their worth in US cents. Words are in tables of their own (`*_text`),
-- so that they can be erased; the journal holds a salted hash of them. Foreign keys from them are deferred, because the
-- tables that the journal can make again are rebuilt beneath them.

-- -- roles ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION reads_all(organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service')
    OR (role = 'finance_officer' AND (organization = 'UNODC' OR starts_with(organization, 'UNODC-')));

-- -- funds ------------------------------------------------------------------------------------------------------------

-- Funds, their yearly requirements, their balances, years and rates of exchange are for everybody who works here: no
-- row-level security.
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

-- What a fund needs in a year, for one of SHERLOC's work packages or for none (''). It is stated anew and never overwritten:
-- a report as of a moment tells what was stated by then. `revision` is the fund's, of which the last counts; a need of 0 is
-- none.
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
    -- What a fund is opened with has no reason; each later one has.
    CHECK ((reason IS NULL) = (revision = 1))
);

-- How far a fund, and a work package of it, is for the equality of women and men; stated anew as its needs are. NULL takes
-- back what was stated.
CREATE TABLE fund_gender_marker (
    fund text NOT NULL REFERENCES fund,
    work_package text NOT NULL CHECK (work_package IN (
        '', 'case_law_upload', 'development', 'hosting', 'legal_research', 'maintenance', 'training', 'translation')),
    gender_marker smallint CHECK (gender_marker BETWEEN 0 AND 2),
    revision integer NOT NULL CHECK (revision > 0),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (fund, work_package, revision)
);

-- What can be allocated from a fund. The row is made with the fund: a lock on a row that does not exist yet locks nothing.
-- The fill factor leaves room in each page for the versions of a row that many entries move.
CREATE TABLE balance (
    fund text PRIMARY KEY REFERENCES fund,
    available_usd_minor bigint NOT NULL CHECK (available_usd_minor >= 0)
) WITH (fillfactor = 10);

-- Adds to what can be allocated, or takes from it; false where there is not enough. Fails at once (55P03) where another
-- transaction holds the row. The row is locked by a statement of its own: the next one sees what was committed until then.
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

-- Several sources may have a rate for the same day: rates.py says which of them counts, not the key. The rate has no scale:
-- ten digits after the point are few for a currency of which a dollar is a million.
CREATE TABLE rate (
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from date NOT NULL,
    source text NOT NULL,
    -- NaN sorts above every number, so that a lower bound alone lets it in.
    usd_per_unit numeric NOT NULL CHECK (usd_per_unit > 0 AND usd_per_unit < 1000000000),
    rate_table_id uuid NOT NULL,
    loaded_by uuid,
    PRIMARY KEY (currency, source, valid_from),
    CHECK (currency <> 'USD' OR usd_per_unit = 1)
);

-- -- imported flows ---------------------------------------------------------------------------------------------------

-- Flows as somebody else reported them, in a table of FTS or an IATI activity file: beside the ledger, in no total of it.
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
    -- The line of a table, whose first is the heading; the number of a transaction of an IATI file, from 1.
    line integer NOT NULL CHECK (line > 0),
    -- Whoever reported it gave it this id: the same flow is kept once, however often its table is sent.
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
    -- As it was reported, in units for a US dollar or the other way round; of an IATI file one of ours, with its source and
    -- day.
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

CREATE FUNCTION may_see(r flow_import, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role);

CALL wall_in('flow_import', 'may_see(flow_import, caller_organization(), caller_role())');
CALL wall_in('imported_flow', 'reads_all(caller_organization(), caller_role())');
CALL wall_in('rejected_row', 'reads_all(caller_organization(), caller_role())');

-- -- what matches lack ------------------------------------------------------------------------------------------------

CREATE TABLE requirement (
    requirement_id uuid PRIMARY KEY,
    match_id uuid NOT NULL UNIQUE,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    -- What the delivery is about, in codes of its line; null of a kind that may put somebody at risk.
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

CREATE FUNCTION may_see(r requirement, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role)
    OR (role IN ('focal_point', 'official') AND r.state = organization)
    OR (role = 'provider_officer' AND r.provider = organization);

CALL wall_in('requirement', 'may_see(requirement, caller_organization(), caller_role())');

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
    -- What one match lacks, where the donor pledged for that. Two people may release the earmark if the donor agrees; the
    -- pledge goes on naming what it was given for.
    requirement_id uuid REFERENCES requirement,
    -- The flow of an import that it was made of.
    import_id uuid REFERENCES flow_import,
    import_line integer CHECK (import_line > 0),
    -- As it was pledged; `open_usd_minor` is what of it is neither agreed nor given up.
    pledged_on date NOT NULL,
    pledged_at timestamptz NOT NULL,
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    rate text NOT NULL,
    rate_source text NOT NULL,
    rate_date date NOT NULL,
    open_usd_minor bigint NOT NULL,
    -- As it was agreed; `recognized_minor` is what is owed without a condition, or has been paid.
    agreement text CHECK (length(agreement) BETWEEN 1 AND 64),
    committed_on date CHECK (committed_on >= pledged_on),
    committed_usd_minor bigint CHECK (committed_usd_minor BETWEEN 0 AND 1000000000000000),
    committed_rate text,
    committed_rate_source text,
    committed_rate_date date,
    support_cost_basis_points integer CHECK (support_cost_basis_points BETWEEN 0 AND 10000),
    recognized_minor bigint NOT NULL,
    -- What came.
    receipts integer NOT NULL CHECK (receipts >= 0),
    received_on date CHECK (received_on >= committed_on),
    received_minor bigint NOT NULL,
    received_usd_minor bigint NOT NULL CHECK (received_usd_minor >= 0),
    support_cost_usd_minor bigint NOT NULL CHECK (support_cost_usd_minor >= 0),
    -- What the bank kept of it, which cannot be carried on to another fund.
    charges_usd_minor bigint NOT NULL CHECK (charges_usd_minor >= 0),
    -- What of the commitment is owed no more, at the rate of the agreement.
    relieved_usd_minor bigint NOT NULL CHECK (relieved_usd_minor >= 0),
    -- How it went out of the books.
    written_off_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    refunded_usd_minor bigint NOT NULL CHECK (refunded_usd_minor >= 0),
    carried_over_usd_minor bigint NOT NULL CHECK (carried_over_usd_minor >= 0),
    CONSTRAINT pledge_to_requirement CHECK (requirement_id IS NULL OR earmarking IN ('earmarked', 'tightly_earmarked')),
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
    -- The second guard behind the decision: nobody pays more than is owed, and nothing that was given up is paid.
    CONSTRAINT pledge_owed CHECK (received_minor >= 0 AND written_off_minor >= 0
        AND received_minor + written_off_minor <= recognized_minor),
    CONSTRAINT pledge_refunded CHECK (refunded_minor BETWEEN 0 AND received_minor),
    CHECK (coalesce(relieved_usd_minor <= committed_usd_minor, relieved_usd_minor = 0))
);
CREATE INDEX pledge_donor ON pledge (donor, pledge_id);
CREATE INDEX pledge_fund ON pledge (fund, pledge_id);
CREATE INDEX pledge_requirement ON pledge (requirement_id) WHERE requirement_id IS NOT NULL;
-- Of a flow one pledge is made at most, whatever becomes of it.
CREATE UNIQUE INDEX pledge_import ON pledge (import_id, import_line) WHERE import_id IS NOT NULL;
-- What is owed now is read of the agreements of which something is.
CREATE INDEX pledge_owed ON pledge (fund) WHERE committed_usd_minor > relieved_usd_minor;

CREATE TABLE pledge_text (
    pledge_id uuid PRIMARY KEY REFERENCES pledge DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    note text NOT NULL
);

-- What an agreement says is due when; what came is a receipt. An instalment of 0 was reduced away.
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

CREATE FUNCTION may_see(r pledge, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role) OR (role = 'donor_officer' AND r.donor = organization);

CALL wall_in('pledge', 'may_see(pledge, caller_organization(), caller_role())');
CALL wall_in('pledge_text', 'EXISTS (SELECT FROM pledge p WHERE p.pledge_id = pledge_text.pledge_id)');
CALL wall_in('instalment', 'EXISTS (SELECT FROM pledge p WHERE p.pledge_id = instalment.pledge_id)');

-- -- contributions in kind --------------------------------------------------------------------------------------------

-- What donors give that is no money: valued beside the ledger, in no entry and no total of it.
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
-- What a fund is told to have been given in kind.
CREATE INDEX in_kind_contribution_worth ON in_kind_contribution (fund) INCLUDE (usd_minor)
WHERE status = 'acknowledged';

CREATE TABLE in_kind_contribution_text (
    in_kind_contribution_id uuid PRIMARY KEY REFERENCES in_kind_contribution DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    description text NOT NULL
);

CREATE FUNCTION may_see(r in_kind_contribution, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role) OR (role = 'donor_officer' AND r.donor = organization);

CALL wall_in('in_kind_contribution', 'may_see(in_kind_contribution, caller_organization(), caller_role())');
CALL wall_in('in_kind_contribution_text', 'EXISTS (SELECT FROM in_kind_contribution c
    WHERE c.in_kind_contribution_id = in_kind_contribution_text.in_kind_contribution_id)');

-- -- activities and allocations ---------------------------------------------------------------------------------------

-- What a fund pays for that no State asked for and that is part of no work package. It names no State.
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

-- For a work package, for what a match lacks (whose request, line, State and provider it then names), or for an activity.
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

CREATE FUNCTION may_see(r allocation, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role)
    OR (role = 'donor_officer' AND (r.work_package IS NOT NULL OR r.activity_id IS NOT NULL))
    OR coalesce(role IN ('focal_point', 'official') AND r.state = organization, false)
    OR coalesce(role = 'provider_officer' AND r.provider = organization, false);

CALL wall_in('allocation', 'may_see(allocation, caller_organization(), caller_role())');

-- -- the ledger -------------------------------------------------------------------------------------------------------

-- A debit is positive, a credit negative. A posting that is not in dollars says by which rate its worth follows from its
-- amount, whose and of which day: what leaves the books at the rate at which it stood there is in one entry with what comes
-- at that of the day.
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

-- Which book an account is of; null for what is no account.
CREATE FUNCTION book_of(account text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN account IN ('pledged', 'pledged_contra') THEN 'pledged'
    WHEN account IN ('receivable', 'committed', 'discharged', 'written_off', 'exchange_difference', 'rounding')
        THEN 'committed'
    WHEN account IN ('cash', 'exchange_position', 'available', 'allocated', 'spent', 'programme_support',
        'bank_charges', 'refunded', 'transferred') THEN 'paid'
    END;

-- An entry holds its postings: it is never there without them, nobody adds one on another day, and a CHECK, which no
-- trigger can be late for, says what they have to be.
--
-- No foreign key to the fund: it would lock the fund's row in each entry, and all who write entries of one fund would wait
-- for each other there. `require_open_books` sees that the fund has its counters, and these keep a fund from going.
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
-- Nobody looks for entries by their postings: statistics of them would be gathered for nothing.
ALTER TABLE entry ALTER COLUMN postings SET STATISTICS 0;
CREATE INDEX entry_fund ON entry (fund, entry_id);
CREATE INDEX entry_recorded ON entry (fund, recorded_at);
CREATE INDEX entry_donor ON entry (donor, entry_id) WHERE donor IS NOT NULL;
-- What takes effect after a day is found without reading what came before it: a trial balance of a year that has just
-- ended is what there is today less that. Of all funds at once, so that an entry adds no more than its day to it.
CREATE INDEX entry_effective ON entry (effective_on);
-- By the type, too: of which flow another is a part is looked for by the type of its entry, also of a pledge with thousands
-- of receipts.
CREATE INDEX entry_pledge ON entry (pledge_id, type) WHERE pledge_id IS NOT NULL;
CREATE INDEX entry_allocation ON entry (allocation_id, type) WHERE allocation_id IS NOT NULL;
-- Each entry is taken back at most once; hardly any takes another back.
CREATE UNIQUE INDEX entry_reverses_key ON entry (reverses) WHERE reverses IS NOT NULL;

-- All that a row can tell of itself, in one function: PostgreSQL parses the text of each CHECK anew in each statement. In
-- each book the sums are zero, of each currency and of the worth in dollars. There are a few postings, so that a loop for
-- each of them takes less than a query for all.
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
ALTER TABLE entry ADD CONSTRAINT entry_is_sound CHECK (is_double_entry(entry));

CREATE FUNCTION may_see(r entry, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role) OR coalesce(role = 'donor_officer' AND r.donor = organization, false);

CALL wall_in('entry', 'may_see(entry, caller_organization(), caller_role())');

-- -- proposals --------------------------------------------------------------------------------------------------------

-- What one person proposes and another decides on.
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
    -- What falls away with what is to be written off, for the second person to see.
    conditional_minor bigint CHECK (conditional_minor BETWEEN 0 AND 1000000000000000),
    entry_id uuid REFERENCES entry,
    year smallint CHECK (year BETWEEN 2000 AND 2100),
    decided_by uuid,
    decided_at timestamptz,
    CHECK ((status = 'open') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
    -- Who proposes does not approve.
    CHECK (status <> 'approved' OR decided_by <> proposed_by),
    CONSTRAINT proposal_of_pledge CHECK (
        (measure IN ('write_off', 'refund', 'earmark_release')) = (pledge_id IS NOT NULL)),
    CONSTRAINT proposal_of_entry CHECK ((measure = 'reversal') = (entry_id IS NOT NULL)),
    CONSTRAINT proposal_of_year CHECK ((measure = 'reopening') = (year IS NOT NULL)),
    CONSTRAINT proposal_money CHECK (
        (minor IS NULL) = (currency IS NULL) AND (measure IN ('refund', 'write_off')) = (minor IS NOT NULL))
);
-- Of the same thing one proposal is open at a time.
CREATE UNIQUE INDEX proposal_open ON proposal (measure, coalesce(pledge_id, entry_id, '00000000-0000-0000-0000-000000000000'))
WHERE status = 'open';
CALL wall_in('proposal', 'reads_all(caller_organization(), caller_role())');

-- -- closed years, closed books ---------------------------------------------------------------------------------------

CREATE TABLE period (
    year smallint PRIMARY KEY CHECK (year BETWEEN 2000 AND 2100),
    period_id uuid NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('closed', 'reopened')),
    revision integer NOT NULL CHECK (revision > 0),
    carried_forward json NOT NULL,
    closed_at timestamptz NOT NULL
);

-- From which day on entries may take effect: after the last year that is closed, or from the first one that was reopened.
CREATE FUNCTION books_open_from() RETURNS date
LANGUAGE sql STABLE
RETURN make_date(coalesce(
    (SELECT max(year) + 1 FROM period WHERE status = 'closed'), (SELECT min(year) FROM period), 2000)::integer, 1, 1);

-- Until which moment the books are closed: no fact and no entry is recorded at or before `until` any more, and no
-- transaction that still could is under way at or before `final_until`. `open_from` is what `books_open_from` says. One
-- row, which answers all at once.
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

-- What no row of an entry can tell of itself; once for all entries of a statement, and by one query where all is well.
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
            -- The second guard behind `periods.hold_open`, which holds the lock of whoever posts.
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

-- The books are closed to every fact as they are to entries: a report as of a moment reads from the journal what makes no
-- entry, too, as a statement does contributions in kind and what an agreement said. Who makes the tables again from the
-- journal records no fact.
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

-- -- closings: what accounts held by a moment that is final -----------------------------------------------------------

-- So that a balance adds up only what came after, and takes as long after a million postings as after a thousand. The
-- service makes them from the entries. No foreign keys: they stay while the tables are made again from the
-- journal.

-- Of a fund's accounts, by the year in which the postings took effect and by what allocations were for: a work package, or
-- where that is '' requests or activities.
CREATE TABLE closing (
    fund text NOT NULL,
    as_at timestamptz NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    work_package text NOT NULL,
    of_activities boolean NOT NULL,
    year smallint NOT NULL,
    minor numeric NOT NULL,
    usd_minor numeric NOT NULL,
    postings bigint NOT NULL CHECK (postings > 0),
    PRIMARY KEY (fund, as_at, account, currency, work_package, of_activities, year)
);

-- An account in kroner is one donor's.
CALL wall_in('closing', 'reads_all(caller_organization(), caller_role())');

-- When the last closing of a fund was by then; '-infinity' where there is none. Written so that PostgreSQL plans it as a
-- part of the statement that asks.
CREATE FUNCTION last_closing(of_fund text, by_then timestamptz) RETURNS TABLE (as_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(max(c.as_at), '-infinity') FROM closing c WHERE c.fund = of_fund AND c.as_at <= by_then;
END;

-- What a fund's accounts came to by a moment, in parts that are to be added up: those of the last closing and each posting
-- that was recorded since.
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

-- append-only: entry, posting, rate
CREATE FUNCTION reads_all(organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service')
    OR (role = 'finance_officer' AND (organization = 'UNODC' OR starts_with(organization, 'UNODC-')));

-- -- funds ------------------------------------------------------------------------------------------------------------

CREATE TABLE fund (
    fund text PRIMARY KEY CHECK (fund ~ '^[A-Z][A-Z0-9-]{2,31}$'),
    fund_id uuid NOT NULL UNIQUE,
    texts_hash text NOT NULL,
    opened_at timestamptz NOT NULL
);

CREATE TABLE fund_requirement (
    fund text NOT NULL REFERENCES fund,
    year smallint NOT NULL CHECK (year BETWEEN 2000 AND 2100),
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    PRIMARY KEY (fund, year)
);

-- The money that can be allocated, as one row that allocations queue for. Born with its fund: a lock on a row that does
-- not exist yet locks nothing.
CREATE TABLE balance (
    fund text PRIMARY KEY REFERENCES fund,
    available_usd_minor bigint NOT NULL CHECK (available_usd_minor >= 0)
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

-- -- rates ------------------------------------------------------------------------------------------------------------

-- One rate of a currency for a day, whoever says it: two would leave open which is in force.
CREATE TABLE rate (
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from date NOT NULL,
    source text NOT NULL,
    -- NaN sorts above every number, so that a lower bound alone lets it in.
    usd_per_unit numeric(20, 10) NOT NULL CHECK (usd_per_unit > 0 AND usd_per_unit < 1000000000),
    rate_table_id uuid NOT NULL,
    loaded_by uuid,
    PRIMARY KEY (currency, valid_from),
    CHECK (currency <> 'USD' OR usd_per_unit = 1)
);

-- -- pledges ----------------------------------------------------------------------------------------------------------

CREATE TABLE pledge (
    pledge_id uuid PRIMARY KEY,
    donor text NOT NULL,
    fund text NOT NULL REFERENCES fund,
    status text NOT NULL CHECK (status IN ('pledged', 'committed', 'partially_received', 'received', 'withdrawn')),
    revision integer NOT NULL CHECK (revision > 0),
    minor bigint NOT NULL CHECK (minor BETWEEN 1 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    earmarking text NOT NULL CHECK (earmarking IN ('unearmarked', 'softly_earmarked', 'earmarked', 'tightly_earmarked')),
    pledged_on date NOT NULL,
    pledged_at timestamptz NOT NULL,
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    rate text NOT NULL,
    rate_source text NOT NULL,
    rate_date date NOT NULL,
    texts_hash text NOT NULL,
    committed_on date CHECK (committed_on >= pledged_on),
    committed_usd_minor bigint CHECK (committed_usd_minor BETWEEN 0 AND 1000000000000000),
    committed_rate text,
    support_cost_basis_points integer CHECK (support_cost_basis_points BETWEEN 0 AND 10000),
    instalments integer NOT NULL CHECK (instalments >= 0),
    received_minor bigint NOT NULL CHECK (received_minor BETWEEN 0 AND minor),
    received_usd_minor bigint NOT NULL CHECK (received_usd_minor >= 0),
    relieved_usd_minor bigint NOT NULL CHECK (relieved_usd_minor >= 0),
    received_on date CHECK (received_on >= committed_on),
    CHECK ((status IN ('pledged', 'withdrawn')) = (committed_on IS NULL)),
    CHECK ((committed_on IS NULL) = (committed_usd_minor IS NULL)),
    CHECK ((committed_on IS NULL) = (committed_rate IS NULL)),
    CHECK ((committed_on IS NULL) = (support_cost_basis_points IS NULL)),
    CHECK (coalesce(relieved_usd_minor <= committed_usd_minor, relieved_usd_minor = 0)),
    CHECK ((status = 'received') = (received_minor = minor)),
    CHECK ((status IN ('partially_received', 'received')) = (instalments > 0))
);
CREATE INDEX pledge_donor ON pledge (donor, pledge_id);
CREATE INDEX pledge_fund ON pledge (fund, pledge_id);

CREATE TABLE pledge_text (
    pledge_id uuid PRIMARY KEY REFERENCES pledge DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    note text NOT NULL
);

CREATE FUNCTION may_see(r pledge, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role) OR (role = 'donor_officer' AND r.donor = organization);

-- -- what requests lack, and allocations ------------------------------------------------------------------------------

CREATE TABLE requirement (
    requirement_id uuid PRIMARY KEY,
    match_id uuid NOT NULL UNIQUE,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'cancelled')),
    revision integer NOT NULL CHECK (revision > 0),
    minor bigint NOT NULL CHECK (minor BETWEEN 1 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    rate text NOT NULL,
    rate_source text NOT NULL,
    rate_date date NOT NULL,
    covered_usd_minor bigint NOT NULL CHECK (covered_usd_minor BETWEEN 0 AND usd_minor),
    opened_at timestamptz NOT NULL,
    CHECK (status = 'open' OR covered_usd_minor = 0)
);
CREATE INDEX requirement_request ON requirement (request_id, requirement_id);

CREATE TABLE allocation (
    allocation_id uuid PRIMARY KEY,
    fund text NOT NULL REFERENCES fund,
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 1 AND 1000000000000000),
    status text NOT NULL CHECK (status IN ('made', 'returned')),
    revision integer NOT NULL CHECK (revision > 0),
    allocated_on date NOT NULL,
    allocated_at timestamptz NOT NULL,
    work_package text CHECK (work_package IN ('case_law_upload', 'development', 'maintenance', 'training', 'translation')),
    requirement_id uuid REFERENCES requirement,
    request_id uuid,
    line_id uuid,
    state text,
    provider text,
    CHECK ((work_package IS NULL) <> (requirement_id IS NULL)),
    CHECK (status = 'made' OR requirement_id IS NOT NULL)
);
CREATE INDEX allocation_fund ON allocation (fund, allocation_id);
CREATE INDEX allocation_requirement ON allocation (requirement_id) WHERE requirement_id IS NOT NULL;

CREATE FUNCTION may_see(r requirement, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role)
    OR (role IN ('focal_point', 'official') AND r.state = organization)
    OR (role = 'provider_officer' AND r.provider = organization);

CREATE FUNCTION may_see(r allocation, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role)
    OR (role = 'donor_officer' AND r.work_package IS NOT NULL)
    OR coalesce(role IN ('focal_point', 'official') AND r.state = organization, false)
    OR coalesce(role = 'provider_officer' AND r.provider = organization, false);

-- -- the ledger -------------------------------------------------------------------------------------------------------

CREATE TABLE entry (
    entry_id uuid PRIMARY KEY,
    type text NOT NULL CHECK (type IN ('pledged', 'committed', 'received', 'withdrawn', 'allocated', 'returned')),
    fund text NOT NULL REFERENCES fund,
    pledge_id uuid REFERENCES pledge,
    allocation_id uuid REFERENCES allocation,
    donor text,
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    rate numeric(20, 10) CHECK (rate > 0 AND rate < 1000000000),
    rate_source text,
    rate_date date,
    -- Each entry is taken back at most once.
    reverses uuid UNIQUE REFERENCES entry,
    CHECK ((pledge_id IS NULL) <> (allocation_id IS NULL)),
    CHECK ((pledge_id IS NULL) = (donor IS NULL)),
    CHECK ((pledge_id IS NULL) = (rate IS NULL) AND (rate IS NULL) = (rate_source IS NULL)
        AND (rate IS NULL) = (rate_date IS NULL)),
    CHECK ((type IN ('withdrawn', 'returned')) = (reverses IS NOT NULL)),
    UNIQUE (entry_id, fund)
);
CREATE INDEX entry_fund ON entry (fund, entry_id);
CREATE INDEX entry_donor ON entry (donor, entry_id) WHERE donor IS NOT NULL;
CREATE INDEX entry_pledge ON entry (pledge_id) WHERE pledge_id IS NOT NULL;
CREATE INDEX entry_allocation ON entry (allocation_id) WHERE allocation_id IS NOT NULL;

CREATE TABLE posting (
    entry_id uuid NOT NULL,
    position smallint NOT NULL CHECK (position > 0),
    fund text NOT NULL,
    account text NOT NULL CHECK (account IN ('pledged', 'pledged_contra', 'receivable', 'committed', 'discharged',
        'exchange_difference', 'rounding', 'cash', 'exchange_position', 'available', 'allocated', 'programme_support')),
    book text NOT NULL GENERATED ALWAYS AS (CASE
        WHEN account IN ('pledged', 'pledged_contra') THEN 'pledged'
        WHEN account IN ('cash', 'exchange_position', 'available', 'allocated', 'programme_support') THEN 'paid'
        ELSE 'committed' END) STORED,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- A debit is positive, a credit negative; both sums of an entry are zero, in each of its books.
    minor bigint NOT NULL CHECK (minor BETWEEN -1000000000000000 AND 1000000000000000),
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN -1000000000000000 AND 1000000000000000),
    PRIMARY KEY (entry_id, position),
    FOREIGN KEY (entry_id, fund) REFERENCES entry (entry_id, fund),
    CHECK (minor <> 0 OR usd_minor <> 0),
    CHECK (sign(minor) * sign(usd_minor) >= 0),
    CHECK (currency <> 'USD' OR minor = usd_minor)
);
CREATE INDEX posting_account ON posting (fund, account) INCLUDE (usd_minor);

-- At COMMIT, when all of an entry's postings are there; and for whoever adds a posting to an entry of another day.
CREATE FUNCTION require_balance() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM posting WHERE posting.entry_id = NEW.entry_id)
        OR EXISTS (SELECT FROM posting WHERE posting.entry_id = NEW.entry_id
                   GROUP BY book, currency HAVING sum(minor) <> 0)
        OR EXISTS (SELECT FROM posting WHERE posting.entry_id = NEW.entry_id
                   GROUP BY book HAVING sum(usd_minor) <> 0)
    THEN
        RAISE EXCEPTION 'the postings of an entry do not balance'
            USING ERRCODE = 'check_violation', TABLE = 'posting', CONSTRAINT = 'entry_balances';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balance();
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT OR UPDATE ON posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balance();

CREATE FUNCTION may_see(r entry, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role) OR coalesce(role = 'donor_officer' AND r.donor = organization, false);

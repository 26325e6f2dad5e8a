-- append-only: entry, posting, rate
-- supersedes: fd053213461d9b7596f88cb8d3da9cbf0d34f500537b3f6a2daf1ed2acd09098
-- What becomes of a pledge after it was made: schedules and conditions, charges, reductions, write-offs, refunds,
-- carry-overs, spending, reversals by two people, and years that are closed.

-- -- pledges ----------------------------------------------------------------------------------------------------------

-- An instalment is what an agreement says is due; what came is a receipt.
ALTER TABLE pledge RENAME COLUMN instalments TO receipts;
ALTER TABLE pledge
    ADD COLUMN open_usd_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN agreement text CHECK (length(agreement) BETWEEN 1 AND 64),
    ADD COLUMN recognized_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN written_off_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN refunded_usd_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_usd_minor >= 0),
    ADD COLUMN support_cost_usd_minor bigint NOT NULL DEFAULT 0 CHECK (support_cost_usd_minor >= 0),
    ADD COLUMN carried_over_usd_minor bigint NOT NULL DEFAULT 0 CHECK (carried_over_usd_minor >= 0),
    DROP CONSTRAINT pledge_status_check,
    DROP CONSTRAINT pledge_check1,
    DROP CONSTRAINT pledge_check3,
    DROP CONSTRAINT pledge_check8,
    DROP CONSTRAINT pledge_check9;

UPDATE pledge SET
    open_usd_minor = CASE status WHEN 'pledged' THEN usd_minor ELSE 0 END,
    recognized_minor = CASE WHEN committed_on IS NULL THEN 0 ELSE minor END,
    support_cost_usd_minor = coalesce((
        SELECT -sum(p.usd_minor) FROM entry JOIN posting p USING (entry_id)
        WHERE entry.pledge_id = pledge.pledge_id AND account = 'programme_support'), 0);

ALTER TABLE pledge
    ADD CONSTRAINT pledge_status CHECK (status IN ('pledged', 'committed', 'partially_received', 'received', 'withdrawn',
        'lapsed', 'written_off', 'refunded', 'closed')),
    ADD CONSTRAINT pledge_open CHECK (open_usd_minor BETWEEN 0 AND usd_minor
        AND (status = 'pledged' OR open_usd_minor = 0)),
    ADD CONSTRAINT pledge_agreed CHECK ((status IN ('pledged', 'withdrawn', 'lapsed')) = (committed_on IS NULL)),
    ADD CONSTRAINT pledge_recognized CHECK (recognized_minor BETWEEN 0 AND minor
        AND (committed_on IS NOT NULL OR recognized_minor = 0)),
    -- The wall behind the decision: nobody pays more than is owed, and nothing that was given up is paid.
    ADD CONSTRAINT pledge_owed CHECK (received_minor >= 0 AND written_off_minor >= 0
        AND received_minor + written_off_minor <= recognized_minor),
    ADD CONSTRAINT pledge_refunded CHECK (refunded_minor BETWEEN 0 AND received_minor);

-- What an agreement says is due when. An instalment of nothing was reduced away.
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
CALL wall_in('instalment', 'EXISTS (SELECT FROM pledge p WHERE p.pledge_id = instalment.pledge_id)');

-- -- funds ------------------------------------------------------------------------------------------------------------

-- For which of SHERLOC's work packages; for none where that is empty.
ALTER TABLE fund_requirement
    ADD COLUMN work_package text NOT NULL DEFAULT '' CHECK (work_package
        IN ('', 'case_law_upload', 'development', 'maintenance', 'training', 'translation')),
    DROP CONSTRAINT fund_requirement_pkey,
    ADD PRIMARY KEY (fund, year, work_package);

-- -- allocations ------------------------------------------------------------------------------------------------------

ALTER TABLE allocation
    ADD COLUMN spent_usd_minor bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT allocation_spent CHECK (spent_usd_minor BETWEEN 0 AND usd_minor),
    DROP CONSTRAINT allocation_status_check,
    ADD CONSTRAINT allocation_status CHECK (status IN ('made', 'returned', 'reversed')),
    DROP CONSTRAINT allocation_check1,
    ADD CONSTRAINT allocation_returns CHECK (status <> 'returned' OR requirement_id IS NOT NULL);

-- What was spent on a match before it was revoked stays covered.
ALTER TABLE requirement DROP CONSTRAINT requirement_check1;

-- -- proposals --------------------------------------------------------------------------------------------------------

CREATE TABLE proposal (
    proposal_id uuid PRIMARY KEY,
    measure text NOT NULL CHECK (measure IN ('write_off', 'refund', 'reversal', 'reopening')),
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
    entry_id uuid REFERENCES entry,
    year smallint CHECK (year BETWEEN 2000 AND 2100),
    decided_by uuid,
    decided_at timestamptz,
    CHECK ((status = 'open') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
    -- Who proposes does not approve.
    CHECK (status <> 'approved' OR decided_by <> proposed_by),
    CHECK ((measure IN ('write_off', 'refund')) = (pledge_id IS NOT NULL)),
    CHECK ((measure = 'reversal') = (entry_id IS NOT NULL)),
    CHECK ((measure = 'reopening') = (year IS NOT NULL)),
    CHECK ((minor IS NULL) = (currency IS NULL) AND (measure IN ('refund', 'write_off')) = (minor IS NOT NULL))
);
-- Of the same thing one proposal is open at a time.
CREATE UNIQUE INDEX proposal_open ON proposal (measure, coalesce(pledge_id, entry_id, '00000000-0000-0000-0000-000000000000'))
WHERE status = 'open';
CALL wall_in('proposal', 'reads_all(caller_organization(), caller_role())');

-- -- years ------------------------------------------------------------------------------------------------------------

CREATE TABLE period (
    year smallint PRIMARY KEY CHECK (year BETWEEN 2000 AND 2100),
    period_id uuid NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('closed', 'reopened')),
    revision integer NOT NULL CHECK (revision > 0),
    carried_forward json NOT NULL,
    closed_at timestamptz NOT NULL
);

-- -- the ledger -------------------------------------------------------------------------------------------------------

ALTER TABLE entry
    DROP CONSTRAINT entry_type_check,
    DROP CONSTRAINT entry_check2,
    DROP CONSTRAINT entry_check3,
    ADD CONSTRAINT entry_type CHECK (type IN ('pledged', 'committed', 'recognized', 'received', 'withdrawn', 'lapsed',
        'reduced', 'written_off', 'refunded', 'carried_over', 'brought_forward', 'allocated', 'returned', 'spent',
        'disbursed', 'reversed')),
    ADD CONSTRAINT entry_rate CHECK ((rate IS NULL) = (rate_source IS NULL) AND (rate IS NULL) = (rate_date IS NULL)
        AND (type NOT IN ('pledged', 'committed', 'received', 'refunded') OR rate IS NOT NULL)),
    ADD CONSTRAINT entry_reverses CHECK ((type IN ('withdrawn', 'lapsed', 'returned', 'reversed'))
        = (reverses IS NOT NULL));

ALTER TABLE posting
    DROP CONSTRAINT posting_account_check,
    ADD CONSTRAINT posting_account CHECK (account IN ('pledged', 'pledged_contra', 'receivable', 'committed',
        'discharged', 'written_off', 'exchange_difference', 'rounding', 'cash', 'exchange_position', 'available',
        'allocated', 'spent', 'programme_support', 'bank_charges', 'refunded', 'transferred')),
    -- PostgreSQL 16 does not give a column another expression.
    DROP COLUMN book,
    ADD COLUMN book text NOT NULL GENERATED ALWAYS AS (CASE
        WHEN account IN ('pledged', 'pledged_contra') THEN 'pledged'
        WHEN account IN ('receivable', 'committed', 'discharged', 'written_off', 'exchange_difference', 'rounding')
            THEN 'committed'
        ELSE 'paid' END) STORED;

-- A pledge that became a commitment is an open pledge no longer: the entries of agreements say so from the first one on.
INSERT INTO posting (entry_id, position, fund, account, currency, minor, usd_minor)
SELECT agreed.entry_id, 10 + p.position, p.fund, p.account, p.currency, -p.minor, -p.usd_minor
FROM entry agreed JOIN entry made USING (pledge_id) JOIN posting p ON p.entry_id = made.entry_id
WHERE agreed.type = 'committed' AND made.type = 'pledged';

-- From which day on entries may take effect: after the last year that is closed, or from the first one that was reopened.
CREATE FUNCTION books_open_from() RETURNS date
LANGUAGE sql STABLE
RETURN make_date(coalesce(
    (SELECT max(year) + 1 FROM period WHERE status = 'closed'), (SELECT min(year) FROM period), 2000)::integer, 1, 1);

-- What donors give that is no money: valued beside the ledger, in no entry and no total of it.
CREATE TABLE in_kind_contribution (
    in_kind_contribution_id uuid PRIMARY KEY,
    donor text NOT NULL,
    fund text NOT NULL REFERENCES fund,
    form text NOT NULL CHECK (length(form) BETWEEN 1 AND 64),
    status text NOT NULL CHECK (status IN ('declared', 'acknowledged', 'withdrawn', 'struck')),
    revision integer NOT NULL CHECK (revision > 0),
    minor bigint NOT NULL CHECK (minor BETWEEN 1 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
    rate text NOT NULL,
    rate_source text NOT NULL,
    rate_date date NOT NULL,
    provided_on date NOT NULL,
    texts_hash text NOT NULL,
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

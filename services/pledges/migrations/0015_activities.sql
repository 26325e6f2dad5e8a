-- What a fund pays for that no State asked for and that is part of no work package: a third purpose of allocations.
CREATE TABLE activity (
    activity_id uuid PRIMARY KEY,
    fund text NOT NULL REFERENCES fund,
    activity_kind text NOT NULL CHECK (length(activity_kind) BETWEEN 1 AND 64),
    status text NOT NULL CHECK (status IN ('planned', 'completed', 'cancelled')),
    revision integer NOT NULL CHECK (revision > 0),
    topics text[] NOT NULL CHECK (cardinality(topics) <= 20),
    pillars text[] NOT NULL CHECK (cardinality(pillars) <= 20),
    gender_marker smallint NOT NULL CHECK (gender_marker BETWEEN 0 AND 2),
    starts_on date NOT NULL,
    ends_on date NOT NULL CHECK (ends_on >= starts_on),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    texts_hash text NOT NULL,
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

ALTER TABLE allocation
ADD COLUMN activity_id uuid REFERENCES activity,
DROP CONSTRAINT allocation_check,
ADD CONSTRAINT allocation_purpose CHECK (num_nonnulls(work_package, requirement_id, activity_id) = 1);
CREATE INDEX allocation_activity ON allocation (activity_id) WHERE activity_id IS NOT NULL;

-- An activity names no State, as a work package does not.
CREATE OR REPLACE FUNCTION may_see(r allocation, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role)
    OR (role = 'donor_officer' AND (r.work_package IS NOT NULL OR r.activity_id IS NOT NULL))
    OR coalesce(role IN ('focal_point', 'official') AND r.state = organization, false)
    OR coalesce(role = 'provider_officer' AND r.provider = organization, false);

-- Figures are codes, numbers and days only: there is no text to erase, and no person. Words are in `report_text`.

-- -- roles ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION oversees(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'finance_officer', 'service');

-- -- facts of other services ------------------------------------------------------------------------------------------

-- Facts that have been received and not folded yet.
CREATE TABLE arrived (
    event_id uuid PRIMARY KEY,
    aggregate_id uuid NOT NULL,
    version integer NOT NULL,
    event text NOT NULL
);
CREATE INDEX arrived_in_order ON arrived (aggregate_id, version);
CALL wall_in('arrived', 'false');

-- One row: whoever folds holds it. While the tables are rebuilt no other process folds; `incomplete` until that is done.
CREATE TABLE folding (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    incomplete boolean NOT NULL DEFAULT false,
    rebuilding_until timestamptz,
    -- Counts batches: each is committed before the next one begins.
    changed bigint NOT NULL DEFAULT 0
);
INSERT INTO folding DEFAULT VALUES;
CALL wall_in('folding', 'caller_role() <> ''''');

-- The time of the newest fact of each owner that was folded.
CREATE TABLE freshness (
    owner text PRIMARY KEY,
    newest timestamptz NOT NULL
);
CALL wall_in('freshness', 'caller_role() <> ''''');

-- -- rows of aggregates -----------------------------------------------------------------------------------------------

-- What figures need of each aggregate; `data` is null until a fact of it counts. A group is a request with what belongs
-- to it, or a record of its own. `wanted` is the version that a rebuild has to reach.
CREATE TABLE record (
    record_id uuid PRIMARY KEY,
    owner text NOT NULL,
    group_id uuid NOT NULL,
    state text CHECK (state ~ '^[A-Z]{3}$'),
    version integer NOT NULL CHECK (version >= 0),
    wanted integer NOT NULL DEFAULT 0,
    -- The batch that changed it last: figures in memory read on from there.
    changed bigint NOT NULL,
    data text
);
CREATE INDEX record_changed ON record (changed, record_id);
CREATE INDEX record_group ON record (group_id);
CREATE INDEX record_state ON record (state, group_id) WHERE state IS NOT NULL;

-- Visibility of rows, as in policy.py; a test compares them.
CREATE FUNCTION may_see(of_state text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN oversees(role) OR (role IN ('focal_point', 'official') AND of_state = organization);

CALL wall_in('record', 'may_see(state, caller_organization(), caller_role())');

-- -- open data --------------------------------------------------------------------------------------------------------

-- The public figures as of the end of a month, with the numbers that everybody may see: only the newest issue is kept.
-- `digests`: of what each publisher adds to each figure, to see how many have changed it.
CREATE TABLE figure_issue (
    month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    issued_at timestamptz NOT NULL,
    rows text NOT NULL CHECK (length(rows) <= 8000000),
    digests text NOT NULL CHECK (length(digests) <= 8000000)
);
CALL wall_in('figure_issue', 'false');

-- The files of open data as their owners last served them; `modified`: when it was seen with this content first.
CREATE TABLE open_file (
    dataset text NOT NULL,
    format text NOT NULL CHECK (format IN ('csv', 'jsonl')),
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint,
    modified timestamptz,
    looked_at timestamptz NOT NULL,
    PRIMARY KEY (dataset, format)
);
CALL wall_in('open_file', 'false');

-- -- yearly reports ---------------------------------------------------------------------------------------------------

-- `state` is null for the report to the Conference. `blocks`: the texts by block and language, without their words.
CREATE TABLE report (
    report_id uuid PRIMARY KEY,
    state text CHECK (state ~ '^[A-Z]{3}$'),
    year integer NOT NULL CHECK (year BETWEEN 2022 AND 2100),
    number integer NOT NULL CHECK (number > 0),
    as_of date NOT NULL CHECK (extract(year FROM as_of) = year),
    status text NOT NULL CHECK (status IN ('draft', 'issued', 'superseded')),
    revision integer NOT NULL CHECK (revision > 0),
    figures_hash text NOT NULL,
    blocks jsonb NOT NULL,
    drafted_at timestamptz NOT NULL,
    issued_at timestamptz,
    superseded_at timestamptz,
    superseded_by uuid,
    UNIQUE NULLS NOT DISTINCT (state, year, number),
    CHECK ((status = 'draft') = (issued_at IS NULL)),
    CHECK ((status = 'superseded') = (superseded_at IS NOT NULL)),
    CHECK ((superseded_at IS NULL) = (superseded_by IS NULL))
);
-- Of a State and a year there is one draft, and one report that is valid.
CREATE UNIQUE INDEX report_drafted ON report (state, year) NULLS NOT DISTINCT WHERE status = 'draft';
CREATE UNIQUE INDEX report_valid ON report (state, year) NULLS NOT DISTINCT WHERE status = 'issued';

-- Visibility of reports, as in policy.py; a test compares them.
CREATE FUNCTION sees_report(of_state text, status text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN of_state IS NULL THEN status <> 'draft' OR oversees(role)
    WHEN role IN ('focal_point', 'official') THEN of_state = organization
    ELSE status <> 'draft' AND oversees(role)
END;

-- The figures of a report, as they are printed: numbers that may be shown, and codes.
CREATE TABLE report_figures (
    report_id uuid PRIMARY KEY REFERENCES report DEFERRABLE INITIALLY DEFERRED,
    figures_hash text NOT NULL,
    figures text NOT NULL CHECK (length(figures) <= 200000)
);
-- The words of a block in one language.
CREATE TABLE report_text (
    report_id uuid NOT NULL REFERENCES report DEFERRABLE INITIALLY DEFERRED,
    block text NOT NULL,
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    salt bytea NOT NULL,
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 8000),
    PRIMARY KEY (report_id, block, language)
);

-- What is issued does not change any more.
CREATE FUNCTION require_draft() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    of_report uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.report_id ELSE NEW.report_id END;
BEGIN
    IF EXISTS (SELECT FROM report WHERE report_id = of_report AND status <> 'draft') THEN
        RAISE EXCEPTION 'an issued report does not change'
            USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'report_is_a_draft';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER figures_of_a_draft BEFORE INSERT OR UPDATE OR DELETE ON report_figures
    FOR EACH ROW EXECUTE FUNCTION require_draft();
CREATE TRIGGER text_of_a_draft BEFORE INSERT OR UPDATE OR DELETE ON report_text
    FOR EACH ROW EXECUTE FUNCTION require_draft();

CALL wall_in('report', 'sees_report(state, status, caller_organization(), caller_role())');
CALL wall_in('report_figures', 'EXISTS (SELECT FROM report r WHERE r.report_id = report_figures.report_id)');
CALL wall_in('report_text', 'EXISTS (SELECT FROM report r WHERE r.report_id = report_text.report_id)');

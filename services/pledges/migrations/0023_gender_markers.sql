-- append-only: fund_gender_marker
-- How far a fund, and a work package of it, is for the equality of women and men, stated anew and never overwritten as
-- its needs are. `revision` is the fund's, of which the last counts; NULL takes back what was stated.
CREATE TABLE fund_gender_marker (
    fund text NOT NULL REFERENCES fund,
    work_package text NOT NULL CHECK (work_package IN (
        '', 'case_law_upload', 'development', 'hosting', 'legal_research', 'maintenance', 'training', 'translation')),
    gender_marker smallint CHECK (gender_marker BETWEEN 0 AND 2),
    revision integer NOT NULL CHECK (revision > 0),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (fund, work_package, revision)
);

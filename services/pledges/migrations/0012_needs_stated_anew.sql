-- append-only: fund_requirement
-- What a fund needs in a year is stated anew and never overwritten: a report as at a moment tells what was stated by then.
-- `revision` is the fund's, of which the last counts; a need of nothing is none. With the processes of pledges stopped.
ALTER TABLE fund ADD COLUMN revision integer CHECK (revision > 0);
UPDATE fund SET revision = 1;
ALTER TABLE fund ALTER COLUMN revision SET NOT NULL;

ALTER TABLE fund_requirement
    ADD COLUMN revision integer CHECK (revision > 0),
    ADD COLUMN recorded_at timestamptz,
    ADD COLUMN reason text CHECK (length(reason) BETWEEN 1 AND 64);
UPDATE fund_requirement SET revision = 1, recorded_at = journal.recorded_at
FROM fund JOIN journal ON aggregate_id = fund_id
WHERE fund.fund = fund_requirement.fund AND version = 1;
ALTER TABLE fund_requirement
    ALTER COLUMN recorded_at SET NOT NULL,
    DROP CONSTRAINT fund_requirement_pkey,
    ADD PRIMARY KEY (fund, year, work_package, revision),
    -- As it was opened it has no reason; each later one has.
    ADD CHECK ((reason IS NULL) = (revision = 1));

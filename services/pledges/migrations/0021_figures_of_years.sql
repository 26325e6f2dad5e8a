-- A fund tells its figures by year. A closing tells in which year its postings took effect; the service makes the closings
-- anew from the entries. As before the column has no default: a process of the version before writes none meanwhile.
TRUNCATE closing;
ALTER TABLE closing
ADD COLUMN year smallint NOT NULL,
DROP CONSTRAINT closing_pkey,
ADD PRIMARY KEY (fund, as_at, account, currency, work_package, year);

-- What was written off of an agreement, as the books carried it: that it is a part of `relieved_usd_minor` says no amount.
ALTER TABLE pledge ADD COLUMN written_off_usd_minor bigint NOT NULL DEFAULT 0;
UPDATE pledge SET written_off_usd_minor = held.usd_minor FROM (
    SELECT pledge_id, sum(p.usd_minor)::bigint AS usd_minor
    FROM entry CROSS JOIN unnest(postings) AS p
    WHERE p.account = 'written_off' GROUP BY pledge_id
) AS held WHERE held.pledge_id = pledge.pledge_id;
ALTER TABLE pledge
ADD CONSTRAINT pledge_written_off CHECK (written_off_usd_minor BETWEEN 0 AND relieved_usd_minor);

-- Two work packages more: where SHERLOC runs, and who finds and reads what goes into it.
ALTER TABLE fund_requirement
DROP CONSTRAINT fund_requirement_work_package_check,
ADD CONSTRAINT fund_requirement_work_package_check CHECK (work_package IN (
    '', 'case_law_upload', 'development', 'hosting', 'legal_research', 'maintenance', 'training', 'translation'));
ALTER TABLE allocation
DROP CONSTRAINT allocation_work_package_check,
ADD CONSTRAINT allocation_work_package_check CHECK (work_package IN (
    'case_law_upload', 'development', 'hosting', 'legal_research', 'maintenance', 'training', 'translation'));

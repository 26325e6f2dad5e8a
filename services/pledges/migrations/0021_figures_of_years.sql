-- A fund tells its figures by year. A closing tells in which year its postings took effect; the service makes the closings
-- anew from the entries. As before the column has no default: a process of the version before writes none meanwhile.
TRUNCATE closing;
ALTER TABLE closing
ADD COLUMN year smallint NOT NULL,
DROP CONSTRAINT closing_pkey,
ADD PRIMARY KEY (fund, as_at, account, currency, work_package, year);

-- Two work packages more: where SHERLOC runs, and who finds and reads what goes into it.
ALTER TABLE fund_requirement
DROP CONSTRAINT fund_requirement_work_package_check,
ADD CONSTRAINT fund_requirement_work_package_check CHECK (work_package IN (
    '', 'case_law_upload', 'development', 'hosting', 'legal_research', 'maintenance', 'training', 'translation'));
ALTER TABLE allocation
DROP CONSTRAINT allocation_work_package_check,
ADD CONSTRAINT allocation_work_package_check CHECK (work_package IN (
    'case_law_upload', 'development', 'hosting', 'legal_research', 'maintenance', 'training', 'translation'));

-- What falls away with what is to be written off, for the second person to see. Where a proposal of before does not say,
-- nothing may, and it is proposed anew.
ALTER TABLE proposal
ADD COLUMN conditional_minor bigint CHECK (conditional_minor BETWEEN 0 AND 1000000000000000);

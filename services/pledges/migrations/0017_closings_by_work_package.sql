-- A closing tells what its allocations were for, '' where that is no work package, so that what a fund had set aside by a
-- moment takes as long to say after a million postings as after a thousand. The service makes the closings anew from the
-- entries. The column has no default: a process of the version before writes none meanwhile, and reads these.
TRUNCATE closing;
ALTER TABLE closing
ADD COLUMN work_package text NOT NULL,
DROP CONSTRAINT closing_pkey,
ADD PRIMARY KEY (fund, as_at, account, currency, work_package);

-- Before the first release, with the services stopped: tables may be locked, and are short.
-- squawk-ignore-file require-concurrent-index-creation
-- Whether somebody has just read a record, and who has ever: without it each read would pass over all of the record's rows.
CREATE INDEX audit_reads ON audit (aggregate_id, person_id, recorded_at) WHERE new IS NULL;

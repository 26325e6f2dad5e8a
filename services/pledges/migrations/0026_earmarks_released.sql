-- A donor may agree that what it gave for one requirement is used for others: two people release the earmark, and the
-- pledge goes on naming what it was given for.
ALTER TABLE pledge DROP CONSTRAINT pledge_to_requirement;
ALTER TABLE pledge
ADD CONSTRAINT pledge_to_requirement CHECK (requirement_id IS NULL OR earmarking IN ('earmarked', 'tightly_earmarked'));

DO $$
DECLARE
    named record;
BEGIN
    FOR named IN
        SELECT conname FROM pg_constraint
        WHERE conrelid = 'proposal'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%measure%'
    LOOP
        EXECUTE format('ALTER TABLE proposal DROP CONSTRAINT %I', named.conname);
    END LOOP;
END
$$;
ALTER TABLE proposal
ADD CONSTRAINT proposal_measure CHECK (
    measure IN ('write_off', 'refund', 'reversal', 'reopening', 'earmark_release')),
ADD CONSTRAINT proposal_of_pledge CHECK (
    (measure IN ('write_off', 'refund', 'earmark_release')) = (pledge_id IS NOT NULL)),
ADD CONSTRAINT proposal_of_entry CHECK ((measure = 'reversal') = (entry_id IS NOT NULL)),
ADD CONSTRAINT proposal_of_year CHECK ((measure = 'reopening') = (year IS NOT NULL)),
ADD CONSTRAINT proposal_money CHECK (
    (minor IS NULL) = (currency IS NULL) AND (measure IN ('refund', 'write_off')) = (minor IS NOT NULL));

-- Few rows, and none of them written often: what a check, a key or an index holds up is over at once.
-- squawk-ignore-file require-concurrent-index-creation, constraint-missing-not-valid, adding-not-nullable-field, disallowed-unique-constraint, ban-drop-constraint, adding-serial-primary-key-field
SET LOCAL entraide.role = 'owner';

-- By which subjects somebody is to sign in, until a second person has approved it.
ALTER TABLE person
    ADD COLUMN subjects_proposed_by uuid,
    ADD COLUMN subjects_proposed_at timestamptz,
    ADD COLUMN subjects_proposed_hash text,
    ADD CONSTRAINT person_subjects_proposed CHECK (
        num_nonnulls(subjects_proposed_by, subjects_proposed_at, subjects_proposed_hash) IN (0, 3)),
    ADD CONSTRAINT person_subjects_proposed_by_others CHECK (subjects_proposed_by <> person_id);

CREATE TABLE proposed_subjects (
    person_id uuid PRIMARY KEY REFERENCES person DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    subjects jsonb NOT NULL
);
CALL wall_in('proposed_subjects', 'EXISTS (SELECT FROM person p WHERE p.person_id = proposed_subjects.person_id)');

-- What the approval of an appointment is about: the texts of its person as they were when it was proposed.
ALTER TABLE appointment ADD COLUMN subjects_hash text;

-- A subject is one person's within an organization (UNODC and its units are one). Across organizations it may be of
-- several people, so that nobody learns of another organization's subjects, or keeps one from it.
ALTER TABLE person_subject ADD COLUMN within text;
UPDATE person_subject SET within = CASE WHEN organization LIKE 'UNODC-%' THEN 'UNODC' ELSE organization END
FROM person WHERE person.person_id = person_subject.person_id;
ALTER TABLE person_subject DROP CONSTRAINT person_subject_pkey, ADD PRIMARY KEY (issuer, subject, person_id);
CREATE UNIQUE INDEX person_subject_within ON person_subject (issuer, subject, within);

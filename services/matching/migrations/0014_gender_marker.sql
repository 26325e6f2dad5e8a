-- Who pays for a delivery reports how far it is for gender equality. Of lines that were heard of before it is not known,
-- which is not 0.
ALTER TABLE wanted_line ADD COLUMN gender_marker integer;
ALTER TABLE wanted_line ADD CONSTRAINT wanted_line_gender_marker CHECK (gender_marker BETWEEN 0 AND 2) NOT VALID;

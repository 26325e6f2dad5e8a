-- What a delivery is about: codes of its line. Of requirements of before it is not known.
ALTER TABLE requirement ADD COLUMN about jsonb;

-- What is left of an allocation goes back, whatever it was for.
ALTER TABLE allocation DROP CONSTRAINT allocation_returns;

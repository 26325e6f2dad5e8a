-- The highest version that came too early: below it somebody waits, and whoever takes the next one up looks for them.
ALTER TABLE heard ADD COLUMN awaited integer NOT NULL DEFAULT 0;

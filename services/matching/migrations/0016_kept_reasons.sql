-- What a match's shares rested on when it was presented, in codes and figures: folded from the fact.
ALTER TABLE match ADD COLUMN bases jsonb;

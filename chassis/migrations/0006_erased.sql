-- Whom the directory has erased: nothing that names them is kept here any more, or taken in again.
CREATE TABLE erased (
    person_id uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT now()
);

-- The schema of ../8-create-identity.sql for SQLite.

CREATE TABLE IF NOT EXISTS database_identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    identity TEXT NOT NULL
) STRICT;

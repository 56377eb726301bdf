-- The schema of ../4-create-aliases.sql for SQLite.

CREATE TABLE IF NOT EXISTS aliases (
    old_name TEXT PRIMARY KEY,
    key TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS aliases_by_key ON aliases (key);

CREATE TRIGGER IF NOT EXISTS images_forgotten AFTER DELETE ON images BEGIN
    DELETE FROM aliases WHERE key = old.key;
END;

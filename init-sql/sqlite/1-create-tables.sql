-- The schema of ../2-create-tables.sql and ../3-create-indexes.sql for SQLite (3.37 or later).

CREATE TABLE IF NOT EXISTS schema_migrations (
    version TEXT PRIMARY KEY,  -- the name of a file of this folder
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;

CREATE TABLE IF NOT EXISTS images (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- AUTOINCREMENT: never used again
    key TEXT NOT NULL UNIQUE,
    original_name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    size INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    format TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,  -- microseconds since the epoch
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    color TEXT NOT NULL,
    collection TEXT CHECK (collection <> '')
) STRICT;

-- One row a collection: SQLite has one writer at a time anyway. '' is the whole store.
CREATE TABLE IF NOT EXISTS image_counts (
    collection TEXT PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS leases (
    name TEXT PRIMARY KEY,
    until REAL NOT NULL
) STRICT;

CREATE TRIGGER IF NOT EXISTS images_added AFTER INSERT ON images BEGIN
    INSERT INTO image_counts VALUES ('', 1) ON CONFLICT (collection) DO UPDATE SET n = n + 1;
    INSERT INTO image_counts SELECT new.collection, 1 WHERE new.collection IS NOT NULL
    ON CONFLICT (collection) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER IF NOT EXISTS images_removed AFTER DELETE ON images BEGIN
    UPDATE image_counts SET n = n - 1 WHERE collection IN ('', old.collection);
END;

-- Nothing of ours updates a row; an operator who moves pictures to another collection by hand does.
CREATE TRIGGER IF NOT EXISTS images_moved AFTER UPDATE OF collection ON images BEGIN
    UPDATE image_counts SET n = n - 1 WHERE collection = old.collection;
    INSERT INTO image_counts SELECT new.collection, 1 WHERE new.collection IS NOT NULL
    ON CONFLICT (collection) DO UPDATE SET n = n + 1;
END;

-- Every SQLite index ends in the id already.
CREATE INDEX IF NOT EXISTS images_by_age ON images (uploaded_at);
CREATE INDEX IF NOT EXISTS images_by_size ON images (size);
CREATE INDEX IF NOT EXISTS images_by_name ON images (name_key);
CREATE INDEX IF NOT EXISTS images_of_collection_by_age ON images (collection, uploaded_at)
    WHERE collection IS NOT NULL;
CREATE INDEX IF NOT EXISTS images_of_collection_by_size ON images (collection, size)
    WHERE collection IS NOT NULL;
CREATE INDEX IF NOT EXISTS images_of_collection_by_name ON images (collection, name_key)
    WHERE collection IS NOT NULL;

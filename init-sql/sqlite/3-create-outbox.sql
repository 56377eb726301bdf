-- The schema of ../6-create-outbox.sql for SQLite.

CREATE TABLE IF NOT EXISTS webhooks (
    url TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL,
    event TEXT NOT NULL,
    key TEXT NOT NULL,
    image TEXT NOT NULL,  -- the row as JSON, as it was: after a deletion nobody else has it
    happened REAL NOT NULL DEFAULT ((julianday('now') - 2440587.5) * 86400.0),
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0  -- seconds since the epoch, by the deliverer's clock
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_by_due ON outbox (url, due);
CREATE INDEX IF NOT EXISTS outbox_by_key ON outbox (url, key, id);

CREATE TRIGGER IF NOT EXISTS images_created_noted AFTER INSERT ON images BEGIN
    INSERT INTO outbox (url, event, key, image) SELECT url, 'image.created', new.key, json_object(
        'id', new.id, 'key', new.key, 'original_name', new.original_name, 'size', new.size,
        'width', new.width, 'height', new.height, 'format', new.format, 'uploaded_at', new.uploaded_at,
        'sha256', lower(hex(new.sha256)), 'color', new.color, 'collection', new.collection
    ) FROM webhooks;
END;

CREATE TRIGGER IF NOT EXISTS images_deleted_noted AFTER DELETE ON images BEGIN
    INSERT INTO outbox (url, event, key, image) SELECT url, 'image.deleted', old.key, json_object(
        'id', old.id, 'key', old.key, 'original_name', old.original_name, 'size', old.size,
        'width', old.width, 'height', old.height, 'format', old.format, 'uploaded_at', old.uploaded_at,
        'sha256', lower(hex(old.sha256)), 'color', old.color, 'collection', old.collection
    ) FROM webhooks;
END;

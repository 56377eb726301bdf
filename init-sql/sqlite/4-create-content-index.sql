-- The index of ../7-create-content-index.sql for SQLite.

CREATE INDEX IF NOT EXISTS images_by_content ON images (sha256);

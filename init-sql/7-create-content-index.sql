-- Finds a picture by what it holds: an import asks for every file whether it is there already.
-- init-sql/sqlite/ says the same for SQLite.

CREATE INDEX IF NOT EXISTS images_by_content ON images (sha256);

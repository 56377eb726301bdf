-- What pictures were called in the older systems they were imported from: their old addresses
-- lead to them. init-sql/sqlite/ says the same for SQLite.

-- No foreign key: it would make every deletion look here twice and forbid TRUNCATE. A name
-- whose picture is gone is found by no query, since a key is never used again.
CREATE TABLE IF NOT EXISTS aliases (
    old_name text COLLATE "C" PRIMARY KEY,
    key text COLLATE "C" NOT NULL
);
CREATE INDEX IF NOT EXISTS aliases_by_key ON aliases (key);

CREATE OR REPLACE FUNCTION forget_aliases() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM aliases USING removed WHERE aliases.key = removed.key;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER images_forgotten AFTER DELETE ON images
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION forget_aliases();

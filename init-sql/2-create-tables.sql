-- The pictures, their exact numbers, and the leases of once-per-deployment work.
-- init-sql/sqlite/ says the same for SQLite.

CREATE TABLE IF NOT EXISTS images (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- a sequence: never used again
    key text COLLATE "C" NOT NULL UNIQUE,  -- the filename it is stored and served under
    original_name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,  -- original_name, case-folded by Python: both databases must agree
    size bigint NOT NULL,  -- bytes, as served
    width integer NOT NULL,  -- pixels, as displayed
    height integer NOT NULL,
    format text NOT NULL,
    uploaded_at timestamptz NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    color text NOT NULL,
    collection text COLLATE "C" CHECK (collection <> '')
);

-- A walk over an index alone is fast only where the visibility map is up to date. Vacuuming
-- soon after changes keeps it so, and is cheap: pages without changes are skipped.
ALTER TABLE images SET (
    autovacuum_vacuum_insert_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);

-- How many pictures there are: the sum of n over a collection's shards. The collection ''
-- is the whole store. A single shard means nothing; it may be negative.
CREATE TABLE IF NOT EXISTS image_counts (
    collection text COLLATE "C" NOT NULL,
    shard bigint GENERATED ALWAYS AS IDENTITY,
    n bigint NOT NULL,
    PRIMARY KEY (collection, shard)
) WITH (fillfactor = 20);  -- room on the page for new versions: updates then touch no index

CREATE TABLE IF NOT EXISTS leases (
    name text PRIMARY KEY,
    until double precision NOT NULL  -- seconds since the epoch, by the database's clock
);

-- Adds to any shard that nobody holds, and makes a new one where all are held, so that
-- writers never wait for each other's commit. There are never more shards than writers
-- there once were at the same time.
CREATE OR REPLACE FUNCTION add_to_image_counts(counted text, change bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE image_counts SET n = n + change
    WHERE (collection, shard) = (
        SELECT free.collection, free.shard FROM image_counts AS free
        WHERE free.collection = counted LIMIT 1 FOR UPDATE SKIP LOCKED
    );
    IF NOT FOUND THEN
        INSERT INTO image_counts (collection, n) VALUES (counted, change);
    END IF;
END
$$;

-- Once a statement, not once a row: a COPY of a million rows costs as many updates as it
-- has collections.
CREATE OR REPLACE FUNCTION count_added_images() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM add_to_image_counts('', n) FROM (SELECT count(*) AS n FROM added) AS everything WHERE n > 0;
    PERFORM add_to_image_counts(collection, n)
    FROM (SELECT collection, count(*) AS n FROM added WHERE collection IS NOT NULL GROUP BY collection) AS each;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_removed_images() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM add_to_image_counts('', -n) FROM (SELECT count(*) AS n FROM removed) AS everything WHERE n > 0;
    PERFORM add_to_image_counts(collection, -n)
    FROM (SELECT collection, count(*) AS n FROM removed WHERE collection IS NOT NULL GROUP BY collection) AS each;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_no_images() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM image_counts;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER images_added AFTER INSERT ON images
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_added_images();
CREATE OR REPLACE TRIGGER images_removed AFTER DELETE ON images
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_removed_images();
-- Nothing of ours updates a row; an operator who moves pictures to another collection by hand does.
CREATE OR REPLACE TRIGGER images_moved_in AFTER UPDATE ON images
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_added_images();
CREATE OR REPLACE TRIGGER images_moved_out AFTER UPDATE ON images
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_removed_images();
CREATE OR REPLACE TRIGGER images_truncated AFTER TRUNCATE ON images
    FOR EACH STATEMENT EXECUTE FUNCTION count_no_images();

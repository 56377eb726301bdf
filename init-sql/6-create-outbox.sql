-- Webhooks that are to be delivered, written by the statement that changes a picture's row.
-- init-sql/sqlite/ says the same for SQLite.

-- Who is told. Kept in step with WEBHOOK_URLS by the service; while it is empty, nothing is written.
CREATE TABLE IF NOT EXISTS webhooks (
    url text COLLATE "C" PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url text COLLATE "C" NOT NULL,
    event text NOT NULL,
    key text COLLATE "C" NOT NULL,
    image text NOT NULL,  -- the row as JSON, as it was: after a deletion nobody else has it
    happened double precision NOT NULL DEFAULT extract(epoch FROM clock_timestamp()),
    attempts integer NOT NULL DEFAULT 0,
    due double precision NOT NULL DEFAULT 0  -- seconds since the epoch, by the deliverer's clock
);
CREATE INDEX IF NOT EXISTS outbox_by_due ON outbox (url, due);
CREATE INDEX IF NOT EXISTS outbox_by_key ON outbox (url, key, id);

CREATE OR REPLACE FUNCTION note_added_images() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM webhooks) THEN
        INSERT INTO outbox (url, event, key, image)
        SELECT url, 'image.created', added.key, json_build_object(
                'id', added.id, 'key', added.key, 'original_name', added.original_name, 'size', added.size,
                'width', added.width, 'height', added.height, 'format', added.format,
                'uploaded_at', (extract(epoch FROM added.uploaded_at) * 1000000)::bigint,
                'sha256', encode(added.sha256, 'hex'), 'color', added.color, 'collection', added.collection
            )::text
        FROM added CROSS JOIN webhooks ORDER BY added.id;
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION note_removed_images() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM webhooks) THEN
        INSERT INTO outbox (url, event, key, image)
        SELECT url, 'image.deleted', removed.key, json_build_object(
                'id', removed.id, 'key', removed.key, 'original_name', removed.original_name, 'size', removed.size,
                'width', removed.width, 'height', removed.height, 'format', removed.format,
                'uploaded_at', (extract(epoch FROM removed.uploaded_at) * 1000000)::bigint,
                'sha256', encode(removed.sha256, 'hex'), 'color', removed.color, 'collection', removed.collection
            )::text
        FROM removed CROSS JOIN webhooks ORDER BY removed.id;
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER images_created_noted AFTER INSERT ON images
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_added_images();
CREATE OR REPLACE TRIGGER images_deleted_noted AFTER DELETE ON images
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION note_removed_images();

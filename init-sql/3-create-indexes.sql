-- One index for each total order of the gallery, read from either end; the id breaks ties.

CREATE INDEX IF NOT EXISTS images_by_age ON images (uploaded_at, id);
CREATE INDEX IF NOT EXISTS images_by_size ON images (size, id);
CREATE INDEX IF NOT EXISTS images_by_name ON images (name_key, id);

-- The same within a collection. Pictures without one cost nothing here.
CREATE INDEX IF NOT EXISTS images_of_collection_by_age ON images (collection, uploaded_at, id)
    WHERE collection IS NOT NULL;
CREATE INDEX IF NOT EXISTS images_of_collection_by_size ON images (collection, size, id)
    WHERE collection IS NOT NULL;
CREATE INDEX IF NOT EXISTS images_of_collection_by_name ON images (collection, name_key, id)
    WHERE collection IS NOT NULL;

-- The pending list makes an insert cheap; a short one keeps the insert that has to merge it,
-- and the searches that read it whole, short too (the default is 4 MB).
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        CREATE INDEX IF NOT EXISTS images_by_part_of_name ON images USING gin (name_key gin_trgm_ops)
            WITH (gin_pending_list_limit = 256);  -- kB
    END IF;
END
$$;

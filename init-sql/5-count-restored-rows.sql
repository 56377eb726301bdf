-- A plain dump (pg_dump, then psql) may be put back into tables that are there already, as they
-- are after a database container's first start. Its pictures are counted as they come in, so the
-- counts that the dump brings along must not be added to them.
CREATE OR REPLACE FUNCTION refuse_foreign_counts() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END
$$;

-- Depth 0 is a statement of a client; our own counting comes from the triggers of images.
CREATE OR REPLACE TRIGGER image_counts_foreign BEFORE INSERT ON image_counts
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_foreign_counts();

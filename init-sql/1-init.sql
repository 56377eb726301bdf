-- What has to be true before there are tables: an encoding, settings, an extension.
--
-- Every file in this folder is idempotent. The database container runs them all at its first
-- start and records nothing; `shoebox migrate` then runs those that schema_migrations does not
-- name. So a database of any age, made either way, ends up the same.

DO $$
BEGIN
    -- Names are ordered by code point, which COLLATE "C" gives in UTF-8 only.
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'The database % has the encoding %; Shoebox needs UTF8.',
            current_database(), current_setting('server_encoding');
    END IF;
END
$$;

-- On the role, because a client behind PgBouncer's transaction pooling may not SET: it would
-- be setting somebody else's session. Only in this database, so that other work of the same
-- role is left alone.
DO $$
DECLARE
    setting text;
BEGIN
    FOREACH setting IN ARRAY ARRAY[
        'statement_timeout = ''10s''',  -- nobody waits longer for a page
        'lock_timeout = ''5s''',
        'idle_in_transaction_session_timeout = ''10s''',
        'jit = off',  -- compiling costs more than any query of ours takes
        'random_page_cost = 1.1'  -- with the price of a spinning disk, deep pages would sort the whole table
    ]
    LOOP
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET ', current_user, current_database()) || setting;
    END LOOP;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'The role % keeps its own settings.', current_user;
END
$$;

-- For searching by part of a name. Without it a search reads the names one by one.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION
    WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
        RAISE NOTICE 'pg_trgm is not to be had here; searching by name will be slower.';
END
$$;

CREATE TABLE IF NOT EXISTS schema_migrations (
    version text PRIMARY KEY,  -- the name of a file of this folder
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- Who this database is: the mark that it leaves in a store of pictures, so that no sweep takes the
-- pictures of another database for leftovers. init-sql/sqlite/ says the same for SQLite.

-- Its row is made when it is first asked for, and not here: a plain dump that is put back into tables
-- which are there already brings its own.
CREATE TABLE IF NOT EXISTS database_identity (
    one smallint PRIMARY KEY CHECK (one = 1),
    identity text COLLATE "C" NOT NULL
);

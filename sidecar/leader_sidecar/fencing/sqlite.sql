-- The SQLite guard, for every language. In one transaction, begun with BEGIN IMMEDIATE:
--   create (once), raise, then mark: unless it gives back this very token, ROLLBACK and stop: a later term has written.
--   Then the write itself, and COMMIT.
-- Needs SQLite 3.24. ?1 is the resource, ?2 the token as an integer.

-- name: create
CREATE TABLE IF NOT EXISTS fence_marks (
  resource TEXT NOT NULL PRIMARY KEY,
  token INTEGER NOT NULL CHECK (typeof(token) = 'integer' AND token BETWEEN 1 AND 9007199254740991)
) WITHOUT ROWID;

-- name: raise
-- Takes the write lock even where it changes nothing.
INSERT INTO fence_marks (resource, token) VALUES (?1, ?2)
ON CONFLICT (resource) DO UPDATE SET token = excluded.token WHERE fence_marks.token < excluded.token;

-- name: mark
SELECT token FROM fence_marks WHERE resource = ?1;

-- name: reset
-- For a mark that a wrong token has poisoned: ?2 is that wrong mark, ?3 the token of the term that leads now.
UPDATE fence_marks SET token = ?3 WHERE resource = ?1 AND token = ?2;

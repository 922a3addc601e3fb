-- The guard for MySQL 8 and MariaDB 10.6, for every language. In one transaction of any isolation level:
--   raise, then mark: unless it gives back this very token, ROLLBACK and stop: a later term has written.
--   Then the write itself, and COMMIT. Every table that is written must be transactional (InnoDB).
-- %s are the resource and the token, as an integer; both statements hold the mark's row until the end.

-- name: create
CREATE TABLE IF NOT EXISTS fence_marks (
  resource VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  token BIGINT NOT NULL CHECK (token BETWEEN 1 AND 9007199254740991)
) ENGINE=InnoDB;

-- name: raise
INSERT INTO fence_marks (resource, token) VALUES (%s, %s)
ON DUPLICATE KEY UPDATE token = GREATEST(token, VALUES(token));

-- name: mark
-- FOR UPDATE reads what is committed now, not what this transaction's snapshot shows.
SELECT token FROM fence_marks WHERE resource = %s FOR UPDATE;

-- name: status
SELECT token FROM fence_marks WHERE resource = %s;

-- name: reset
-- For a mark that a wrong token has poisoned: the token of the term that leads now, the resource, the wrong mark.
UPDATE fence_marks SET token = %s WHERE resource = %s AND token = %s;

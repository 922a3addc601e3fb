-- The PostgreSQL guard, for every language and psql: run this file once (psql -1 -f), by the owner of the schema.
-- Then, in the transaction that writes, and best as its first statement, at any isolation level:
--   BEGIN; SELECT fence('payouts', 418); UPDATE …; COMMIT;
-- A stale token raises SQLSTATE LS001, with the detail high_water=419; one that is none raises LS002.
-- Either way nothing of that transaction is written. Outside a transaction the call protects nothing.
-- A role that writes needs: GRANT SELECT, INSERT, UPDATE ON fence_marks TO …;
-- Transactions of one term run side by side. A higher token waits until the older ones in flight have ended: bound them
-- by idle_in_transaction_session_timeout, or a leader frozen inside a transaction keeps its successor waiting.

SELECT pg_advisory_xact_lock(hashtextextended('leader-sidecar fence_marks', 0));

CREATE TABLE IF NOT EXISTS fence_marks (
  resource text PRIMARY KEY CHECK (resource ~ '^[!-~]{1,190}$'),
  token bigint NOT NULL CHECK (token BETWEEN 1 AND 9007199254740991)
) WITH (fillfactor = 50);

CREATE OR REPLACE FUNCTION fence(p_resource text, p_token bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_mark bigint;
BEGIN
  -- One more check of the term that the mark has: all that most calls do. The row's lock decides. The advisory one
  -- before it only keeps order: shared row locks would overtake an exclusive one for ever, and the old term's writers
  -- would keep the new term out.
  PERFORM FROM fence_marks WHERE resource = p_resource AND CASE WHEN token = p_token
    THEN pg_advisory_xact_lock_shared(hashtextextended('leader-sidecar fence ' || resource, 0)) IS NOT NULL END
    FOR SHARE;
  IF FOUND THEN
    RETURN p_token;
  END IF;
  IF p_resource IS NULL OR p_token IS NULL OR p_token NOT BETWEEN 1 AND 9007199254740991 THEN
    RAISE EXCEPTION 'a write to % needs a fencing token 1 ... 2^53-1', p_resource USING ERRCODE = 'LS002';
  END IF;
  SELECT token INTO v_mark FROM fence_marks WHERE resource = p_resource;
  IF v_mark IS NULL OR v_mark <= p_token THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('leader-sidecar fence ' || p_resource, 0));
    INSERT INTO fence_marks AS m (resource, token) VALUES (p_resource, p_token)
      ON CONFLICT (resource) DO UPDATE SET token = excluded.token WHERE m.token < excluded.token;
    SELECT token INTO v_mark FROM fence_marks WHERE resource = p_resource FOR SHARE;
  END IF;
  IF v_mark IS DISTINCT FROM p_token THEN
    RAISE EXCEPTION 'token % is stale at %, which has accepted %', p_token, p_resource, v_mark
      USING ERRCODE = 'LS001', DETAIL = 'high_water=' || coalesce(v_mark, 0);
  END IF;
  RETURN p_token;
END $$;

-- Where a driver sends the token as text, its syntax is judged as strictly as everywhere.
CREATE OR REPLACE FUNCTION fence(p_resource text, p_token text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF p_token IS NULL OR p_token !~ '^[1-9][0-9]{0,15}$' THEN
    RAISE EXCEPTION '% is no fencing token for %', quote_nullable(left(p_token, 60)), p_resource USING ERRCODE = 'LS002';
  END IF;
  RETURN fence(p_resource, p_token::bigint);
END $$;

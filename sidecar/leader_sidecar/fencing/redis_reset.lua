-- For a mark that a wrong token has poisoned: KEYS[1] the mark's key, ARGV[1] that wrong mark, ARGV[2] the token of the
-- term that leads now. Answers 1, or 0 where the mark is another by now.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2])
  return 1
end
return 0

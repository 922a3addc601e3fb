-- The Redis guard, for every language: checks the token and runs the commands, in one step that nothing interrupts.
--   EVAL (this text) 1 fence:{payouts} 418  3 SET {payouts}pointer 418  2 INCR {payouts}runs
-- KEYS[1] holds the mark. ARGV[1] is the token; then, for each command, how many words it has, and the words.
-- Answers with the commands' answers, or with an error, and then nothing was written:
--   STALETOKEN high_water=419    a later term has written
--   MALFORMEDTOKEN …             not a whole number 1 … 2^53-1
-- Redis undoes nothing: where a command fails, such as INCR of a text, those before it stay.

local token = ARGV[1]
if not token or not string.find(token, '^[1-9]%d*$') or #token > 16 or tonumber(token) > 9007199254740991 then
  return redis.error_reply('MALFORMEDTOKEN not a whole number 1 ... 2^53-1')
end

local commands, first = {}, 2
while first <= #ARGV do
  local words = tonumber(ARGV[first])
  if not words or words < 1 or words % 1 ~= 0 or first + words > #ARGV then
    return redis.error_reply('MALFORMEDCOMMANDS each is its number of words, and the words')
  end
  commands[#commands + 1] = { first + 1, first + words }
  first = first + words + 1
end

-- Lua's numbers are doubles, which are exact up to 2^53.
local mark = redis.call('GET', KEYS[1])
if mark and not tonumber(mark) then
  return redis.error_reply('MALFORMEDMARK ' .. KEYS[1] .. ' is no mark: reset it')
end
if mark and tonumber(mark) > tonumber(token) then
  return redis.error_reply('STALETOKEN high_water=' .. mark)
end
if mark ~= token then
  redis.call('SET', KEYS[1], token)
end

local answers = {}
for number, command in ipairs(commands) do
  answers[number] = redis.call(unpack(ARGV, command[1], command[2]))
end
return answers

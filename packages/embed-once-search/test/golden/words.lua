-- Counts words, the most frequent first.
local words = {}

words.MIN_LENGTH = 2

local function is_word(text)
  return #text >= words.MIN_LENGTH and text:match("^%a+$") ~= nil
end

--- Counts the words of a text. Case does not matter, and what is no word is left out: numbers, and what is shorter
--- than MIN_LENGTH, which are mostly initials.
function words.count(text)
  local counts = {}
  for token in text:gmatch("%S+") do
    local word = token:lower():gsub("%p", "")
    if is_word(word) then
      counts[word] = (counts[word] or 0) + 1
    end
  end
  return counts
end

words.top = function(counts, limit)
  local list = {}
  for word, count in pairs(counts) do
    list[#list + 1] = { word = word, count = count }
  end
  table.sort(list, function(a, b)
    return a.count > b.count or (a.count == b.count and a.word < b.word)
  end)
  return table.move(list, 1, math.min(limit, #list), 1, {})
end

return words

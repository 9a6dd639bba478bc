import { expect, test } from "vitest";
import { holdsPhrases, readQuestion } from "../src/question.ts";

test("keeps of a question what it is about, each word once", () => {
  expect(readQuestion("How is an old parcel sent back?").words).toEqual(["old", "parcel", "sent", "back"]);
  expect(readQuestion("Where do we read the read_record?").words).toEqual(["read", "record", "readrecord"]);
});

test("keeps all words of a question that has no telling ones", () => {
  expect(readQuestion("what is this").words).toEqual(["what", "is", "this"]);
});

test.each([
  ["readRecord", "readRecord"],
  ["  `Store.open`  ", "open"],
  ["std::vec::Vec", "Vec"],
  ["user->name()", "name"],
  ["parse", "parse"],
  ["Größe", "Größe"],
])("takes %j for one name", (text, name) => {
  expect(readQuestion(text)).toMatchObject({ isSymbol: true, identifiers: [name] });
});

test("finds names among words by their form", () => {
  expect(readQuestion("where does readRecord call fs.open, and max_size?")).toMatchObject({
    isSymbol: false,
    identifiers: ["readRecord", "open", "max_size"],
  });
});

test.each(["How are records read?", "the end. Then", "retry on 429", "one-way a/b", ""])(
  "sees no name in %j",
  (text) => {
    expect(readQuestion(text)).toMatchObject({ isSymbol: false, identifiers: [] });
  },
);

test("takes out phrases in double quotes, each once, words or not", () => {
  expect(readQuestion('where is "not  Found" raised, "" or "()", "Not found"').phrases).toEqual(["not found", "()"]);
  expect(readQuestion('an odd " quote').phrases).toEqual([]);
});

test("knows of a phrase in which names a text must have it, no more of them than narrow it down", () => {
  expect(readQuestion('"const readRecord = read" "a + b"').phraseNames).toEqual([
    { parts: ["const"] },
    { parts: ["read", "record"], whole: "readrecord" },
  ]);
  const many = Array.from({ length: 4000 }, (_, i) => `word${i}`).join(" ");
  expect(readQuestion(`"${many}"`).phraseNames.length).toBeLessThan(40);
  expect(readQuestion(`"${"word ".repeat(20_000)}"`).phraseNames).toEqual([{ parts: ["word"] }]);
});

test("reads a question that is nothing but punctuation in no time that one would notice", () => {
  expect(readQuestion(`${"?".repeat(60_000)}a`).words).toEqual([]);
});

test("looks for phrases whatever their case and white space", () => {
  expect(holdsPhrases("raise\n  NOT\tfound", ["not found"])).toBe(true);
  expect(holdsPhrases("found not", ["not found"])).toBe(false);
  expect(holdsPhrases("a b", ["a b", "b c"])).toBe(false);
  expect(holdsPhrases("anything", [])).toBe(true);
});

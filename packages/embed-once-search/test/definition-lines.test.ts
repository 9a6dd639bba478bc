import { expect, test } from "vitest";
import { definedNames } from "../src/definition-lines.ts";

test.each([
  ["export async function readRecord(a) {\n  const local = 1;\n}\nconst TOP = 2;", ["readRecord", "TOP"]],
  ["export class Store {\n  async open(path: string): Promise<void> {\n    if (path) {\n", ["Store", "open"]],
  ["export default interface Shape {}\ntype Name = string;\nexport const enum Kind {}", ["Shape", "Name", "Kind"]],
  ["class Session(Base):\n    async def send(self):\n        x = 1\n", ["Session", "send"]],
  ["func (s *Server) ServeHTTP(w Writer) {\n}\ntype Engine struct {\n", ["ServeHTTP", "Engine"]],
  ["pub(crate) unsafe fn grow(&mut self) {\npub struct Buf;\nmacro_rules! vec {", ["grow", "Buf", "vec"]],
  ["public static class Program {\n  public static void Main(string[] args) {\n", ["Program", "Main"]],
  ["module Shop\n  def self.open?\n  end\nend", ["Shop", "open?"]],
  ["#define MAX_SIZE 10\nstruct list {\n", ["MAX_SIZE", "list"]],
])("finds what %j defines", (text, names) => {
  expect(definedNames(text)).toEqual(names);
});

test.each([
  ["return new Store(path);"],
  ["  for (const a of b) {"],
  ["  } else if (x) {"],
  ["call(a, b);"],
  ["A class of its own."],
])("finds nothing in %j", (text) => {
  expect(definedNames(text)).toEqual([]);
});

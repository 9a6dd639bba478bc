import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "rolldown/utils";

/** A name that a module exports, and what is declared under it. */
export interface ExportedName {
  name: string;
  kind: "function" | "class" | "constant" | "type";
  /** The docstring without its stars. */
  doc: string;
  /** As TypeScript, docstrings of members included. */
  declaration: string;
  /** File and name of the declaration: the same for whoever exports it. */
  origin: string;
  /** What the declaration names, as far as the module declares or imports it from files beside it. */
  references: readonly { name: string; origin: string }[];
}

/** The part of the parser's tree that is looked at. */
interface Node {
  type: string;
  start: number;
  end: number;
  name?: string;
  value?: string;
  id?: Node;
  declaration?: Node | null;
  declarations?: Node[];
  source?: Node | null;
  specifiers?: { imported?: Node; local: Node; exported?: Node; exportKind?: string }[];
  exportKind?: string;
}

interface Declared {
  kind: ExportedName["kind"];
  doc: string;
  text: string;
}

interface Module {
  file: string;
  declared: Map<string, Declared>;
  /** Local name → where it comes from. */
  imported: Map<string, { file: string; name: string }>;
  /** Exported name → local name, or a name of another file. */
  exported: Map<string, { local: string } | { file: string; name: string }>;
  /** Exported names that only types may use. */
  typesAlone: Set<string>;
}

const KINDS: Readonly<Record<string, ExportedName["kind"]>> = {
  TSDeclareFunction: "function",
  FunctionDeclaration: "function",
  ClassDeclaration: "class",
  VariableDeclaration: "constant",
  TSInterfaceDeclaration: "type",
  TSTypeAliasDeclaration: "type",
};

const modules = new Map<string, Module>();

/** What a file of declarations exports, re-exports included, in the order in which it stands there. */
export function exportsOf(file: string): ExportedName[] {
  const { exported, typesAlone } = readModule(file);
  return [...exported.keys()].map((name) => {
    const { module, local } = resolve(file, name);
    const { kind: declared, doc, text } = module.declared.get(local)!;
    const kind = typesAlone.has(name) ? "type" : declared;
    return {
      name,
      kind,
      doc,
      declaration: text,
      origin: originOf(module, local),
      references: references(module, text),
    };
  });
}

function originOf(module: Module, name: string): string {
  return `${module.file}#${name}`;
}

/** Follows re-exports and imports to the file that declares the name. */
function resolve(file: string, exportedName: string): { module: Module; local: string } {
  const module = readModule(file);
  const target = module.exported.get(exportedName);
  if (target === undefined) throw new Error(`${file} does not export ${exportedName}`);
  if ("file" in target) return resolve(target.file, target.name);
  const from = module.imported.get(target.local);
  return from === undefined ? { module, local: target.local } : resolve(from.file, from.name);
}

function references(module: Module, text: string): { name: string; origin: string }[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const words = new Set(code.match(/\b[A-Za-z]\w+\b/g));
  return [...words].flatMap((name) => {
    const from = module.imported.get(name);
    if (from !== undefined) {
      const { module: other, local } = resolve(from.file, from.name);
      return [{ name: local, origin: originOf(other, local) }];
    }
    return module.declared.has(name) ? [{ name, origin: originOf(module, name) }] : [];
  });
}

function readModule(file: string): Module {
  const known = modules.get(file);
  if (known) return known;
  const module: Module = { file, declared: new Map(), imported: new Map(), exported: new Map(), typesAlone: new Set() };
  modules.set(file, module);
  const text = readFileSync(file, "utf8");
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`);
  const docBefore = (start: number): string => {
    const comment = comments.findLast(({ end }) => end <= start && text.slice(end, start).trim() === "");
    return comment?.value.startsWith("*")
      ? comment.value
          .slice(1)
          .replaceAll(/^[ \t]*\* ?/gm, "")
          .trim()
      : "";
  };
  const beside = (source: Node): string => join(dirname(file), source.value!.replace(/\.ts$/, ".d.ts"));
  for (const statement of program.body as unknown as Node[]) {
    const { source, specifiers = [] } = statement;
    const isRelative = source?.value?.startsWith(".") ?? false;
    if (statement.type === "ImportDeclaration") {
      for (const { imported, local } of specifiers) {
        if (isRelative && imported) module.imported.set(local.name!, { file: beside(source!), name: imported.name! });
      }
      continue;
    }
    for (const { local, exported, exportKind } of specifiers) {
      if (statement.exportKind === "type" || exportKind === "type") module.typesAlone.add(exported!.name!);
      const target = source ? { file: beside(source), name: local.name! } : { local: local.name! };
      module.exported.set(exported!.name!, target);
    }
    const isExport = statement.type === "ExportNamedDeclaration";
    const declaration = isExport ? statement.declaration : statement;
    const kind = declaration && KINDS[declaration.type];
    if (!declaration || !kind) continue;
    const name = (declaration.declarations?.[0]?.id ?? declaration.id)!.name!;
    const earlier = module.declared.get(name);
    const written = tidy(text.slice(declaration.start, declaration.end));
    const doc = docBefore(statement.start);
    // Overloads stand one after the other, each with its own words.
    module.declared.set(
      name,
      earlier ? { ...earlier, text: `${earlier.text}\n${written}` } : { kind, doc, text: written },
    );
    if (isExport) module.exported.set(name, { local: name });
  }
  return module;
}

/** Without what says nothing to a reader: `declare`, and that there are private fields. */
function tidy(declaration: string): string {
  return declaration
    .replace(/^declare /, "")
    .replace(/\n {4}#private;/, "")
    .replaceAll(/^( {4})+/gm, (indent) => indent.slice(indent.length / 2));
}

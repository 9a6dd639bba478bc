import type { Node } from "web-tree-sitter";
import type { GrammarName } from "../languages.ts";
import type { SymbolKind } from "./chunk.ts";

/** What a node of the syntax tree defines. */
export interface Definition {
  name: string;
  kind: SymbolKind;
  /** Names of what it lies in, where the tree does not say so: the type of a Go method's receiver. */
  within?: string | undefined;
  /** `false` where it only names its place, as Rust's `impl` does. @default true */
  defines?: boolean | undefined;
}

/** A kind, for nodes that say their name as most do; or a reading of the node. */
type Rule = SymbolKind | ((node: Node) => Definition | undefined);

type Rules = Readonly<Record<string, Rule>>;

const ECMASCRIPT: Rules = {
  function_declaration: "function",
  generator_function_declaration: "function",
  function_signature: "function",
  class_declaration: "class",
  abstract_class_declaration: "class",
  method_definition: "method",
  abstract_method_signature: "method",
  field_definition: (node) => (isFunction(node.childForFieldName("value")) ? named(node, "method") : undefined),
  public_field_definition: (node) => (isFunction(node.childForFieldName("value")) ? named(node, "method") : undefined),
  interface_declaration: "type",
  type_alias_declaration: "type",
  enum_declaration: "type",
  internal_module: "module",
  module: "module",
  variable_declarator: (node) => named(node, isFunction(node.childForFieldName("value")) ? "function" : "variable"),
  assignment_expression: assignedFunction,
};

const C: Rules = {
  function_definition: "function",
  struct_specifier: withBody("type"),
  union_specifier: withBody("type"),
  enum_specifier: withBody("type"),
  type_definition: "type",
  preproc_def: "variable",
  preproc_function_def: "function",
  init_declarator: "variable",
};

const RULES: Readonly<Partial<Record<GrammarName, Rules>>> = {
  javascript: ECMASCRIPT,
  typescript: ECMASCRIPT,
  tsx: ECMASCRIPT,
  python: {
    function_definition: "function",
    class_definition: "class",
    assignment: (node) => only(node.childForFieldName("left"), "identifier", "variable"),
    type_alias_statement: (node) => only(node.childForFieldName("left"), "type", "type"),
  },
  go: {
    function_declaration: "function",
    method_declaration: (node) => {
      const receiver = node.childForFieldName("receiver")?.text.match(/(\w+)(?:\[[^\]]*\])?\s*\)$/)?.[1];
      return { ...named(node, "method")!, within: receiver };
    },
    type_spec: "type",
    type_alias: "type",
    const_spec: "variable",
    var_spec: "variable",
  },
  rust: {
    function_item: "function",
    function_signature_item: "function",
    struct_item: "type",
    enum_item: "type",
    union_item: "type",
    type_item: "type",
    trait_item: "type",
    impl_item: (node) => {
      const name = node.childForFieldName("type")?.text.match(/[\w:]+/)?.[0];
      return name === undefined ? undefined : { name, kind: "type", defines: false };
    },
    mod_item: withBody("module"),
    const_item: "variable",
    static_item: "variable",
    macro_definition: "function",
  },
  java: {
    class_declaration: "class",
    record_declaration: "class",
    interface_declaration: "type",
    annotation_type_declaration: "type",
    enum_declaration: "type",
    method_declaration: "method",
    constructor_declaration: "method",
    compact_constructor_declaration: "method",
    variable_declarator: "variable",
  },
  c: C,
  cpp: {
    ...C,
    class_specifier: withBody("class"),
    namespace_definition: "module",
    alias_declaration: "type",
    concept_definition: "type",
  },
  "c-sharp": {
    class_declaration: "class",
    record_declaration: "class",
    struct_declaration: "type",
    interface_declaration: "type",
    enum_declaration: "type",
    delegate_declaration: "type",
    method_declaration: "method",
    constructor_declaration: "method",
    local_function_statement: "function",
    property_declaration: "variable",
    namespace_declaration: "module",
    variable_declarator: "variable",
  },
  ruby: {
    class: "class",
    module: "module",
    method: "function",
    singleton_method: "function",
    assignment: (node) => only(node.childForFieldName("left"), "constant", "variable"),
  },
  php: {
    class_declaration: "class",
    interface_declaration: "type",
    trait_declaration: "type",
    enum_declaration: "type",
    function_definition: "function",
    method_declaration: "method",
    const_element: "variable",
  },
  bash: { function_definition: "function", variable_assignment: "variable" },
  kotlin: {
    class_declaration: "class",
    object_declaration: "class",
    function_declaration: "function",
    property_declaration: (node) => {
      const name = node.namedChildren.find((child) => child?.type === "variable_declaration")?.firstNamedChild;
      return name ? { name: name.text, kind: "variable" } : undefined;
    },
    type_alias: "type",
  },
  swift: {
    class_declaration: "class",
    protocol_declaration: "type",
    function_declaration: "function",
    protocol_function_declaration: "function",
    init_declaration: () => ({ name: "init", kind: "method" }),
    property_declaration: "variable",
    typealias_declaration: "type",
  },
  lua: {
    function_declaration: "function",
    variable_declaration: (node) => assignedVariable(node.firstNamedChild),
    assignment_statement: assignedVariable,
  },
};

const NONE: ReadonlyMap<string, Rule> = new Map();

const BY_GRAMMAR = new Map(
  Object.entries(RULES).map(([grammar, rules]) => [grammar, new Map(Object.entries(rules))] as const),
);

/** The types of nodes that define something in a grammar. */
export function definitionRules(grammar: GrammarName): ReadonlyMap<string, Rule> {
  return BY_GRAMMAR.get(grammar) ?? NONE;
}

/** What a node defines by its rule; `undefined` where it defines nothing or has no name. */
export function readDefinition(rule: Rule, node: Node): Definition | undefined {
  const definition = typeof rule === "function" ? rule(node) : named(node, rule);
  // Where the text breaks off, the parser puts in a name of no characters.
  return definition?.name === "" ? undefined : definition;
}

function named(node: Node, kind: SymbolKind): Definition | undefined {
  const name = nameOf(node);
  return name === undefined ? undefined : { name, kind };
}

/** Names are words, perhaps with what they belong to; what is longer is an expression. */
const MAX_NAME_LENGTH = 120;

function nameOf(node: Node): string | undefined {
  const name = node.childForFieldName("name") ?? declaredName(node) ?? firstIdentifier(node);
  const text = name?.text;
  // A name pattern as of JavaScript's `const { a, b } = …` is none.
  return text !== undefined && text.length <= MAX_NAME_LENGTH && /^[^\s{[(]+$/.test(text) ? unquoted(text) : undefined;
}

/** C hides a function's name within what it returns and takes: `static int *(*f)(void)`. */
function declaredName(node: Node): Node | null {
  let declarator = node.childForFieldName("declarator");
  for (let next = declarator; next !== null; next = next.childForFieldName("declarator") ?? wrapped(next)) {
    declarator = next;
  }
  return declarator;
}

/** Some declarators have what they wrap as a plain child. */
function wrapped(node: Node): Node | null {
  return /^(?:reference|parenthesized|attributed)_declarator$/.test(node.type) ? node.firstNamedChild : null;
}

function firstIdentifier(node: Node): Node | null {
  return node.namedChildren.find((child) => child !== null && /identifier$|^word$|^constant$/.test(child.type)) ?? null;
}

function unquoted(text: string): string {
  return text.replace(/^["'`](.*)["'`]$/, "$1");
}

function withBody(kind: SymbolKind): Rule {
  return (node) => (node.childForFieldName("body") === null ? undefined : named(node, kind));
}

function only(node: Node | null, type: string, kind: SymbolKind): Definition | undefined {
  return node !== null && node.type === type ? { name: node.text, kind } : undefined;
}

function isFunction(node: Node | null): boolean {
  return node !== null && /^(?:arrow_function|function_expression|function|generator_function)$/.test(node.type);
}

/** `exports.name = function …`, `Name.prototype.name = …`: how modules and classes were written before there were any. */
function assignedFunction(node: Node): Definition | undefined {
  if (!isFunction(node.childForFieldName("right"))) return undefined;
  const name = node.childForFieldName("left")?.text.match(/^[\w$.]*?([\w$]+)$/)?.[1];
  return name === undefined ? undefined : { name, kind: "function" };
}

function assignedVariable(node: Node | null): Definition | undefined {
  const [names, values] = node?.namedChildren ?? [];
  const text = names?.text ?? "";
  if (!/^[\w.]+$/.test(text)) return undefined;
  return { name: text, kind: values?.firstNamedChild?.type === "function_definition" ? "function" : "variable" };
}

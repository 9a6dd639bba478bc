/** Registers a test, as `test` of vitest or of node:test does. */
export type TestFunction = (name: string, body: () => void | Promise<void>) => void;

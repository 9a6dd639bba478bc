export { codecSuite } from "./codec-suite.ts";
export { type EmbedderUnderTest, embedderSuite } from "./embedder-suite.ts";
export {
  type AwsAccess,
  type ProviderFault,
  type ProviderServer,
  type ProviderServerOptions,
  type ServedProvider,
  type ServedRequest,
  startProviderServer,
} from "./provider-server.ts";
export type { TestFunction } from "./test-function.ts";
export { type TierSuiteOptions, tierSuite } from "./tier-suite.ts";

import { openaiShape, readOpenAI } from "./openai.ts";
import { Refusal, requireHeader, type WireShape } from "./wire-shape.ts";

const DATED = /^\/openai\/deployments\/([^/]+)\/embeddings$/;

/** Azure OpenAI: `/openai/v1/embeddings`, or `/openai/deployments/<name>/embeddings` with a dated `api-version`. */
export const azureOpenaiShape: WireShape = {
  ...openaiShape,
  basePath: "",
  keyHeaders: ["api-key", "authorization"],
  matches: (path) => path === "/openai/v1/embeddings" || DATED.test(path),
  authorize: (request, { apiKey }) =>
    requireHeader(
      request,
      "api-key",
      "",
      apiKey,
      new Refusal(401, "Access denied due to invalid subscription key or wrong API endpoint.", "401"),
    ),
  read: (request) => {
    const version = request.query.get("api-version");
    const deployment = DATED.exec(request.path)?.[1];
    const fits = deployment === undefined ? /^(v1|preview)$/ : /^\d{4}-\d{2}-\d{2}(-preview)?$/;
    if (version === null ? deployment !== undefined : !fits.test(version)) {
      throw new Refusal(400, `API version not supported: ${version}`, "BadRequest");
    }
    const asked = readOpenAI(request);
    return deployment === undefined ? asked : { ...asked, model: decodeURIComponent(deployment) };
  },
  error: ({ status, message, code }) => ({
    body: JSON.stringify({
      error: { code: code === "model_not_found" ? "DeploymentNotFound" : (code ?? String(status)), message },
    }),
  }),
};

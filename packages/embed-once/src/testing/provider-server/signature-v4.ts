import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type AwsAccess, type ReceivedRequest, Refusal } from "./wire-shape.ts";

const MAX_SKEW_MS = 15 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Checks AWS Signature Version 4 as Bedrock does (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request).
 * Throws a Refusal with 403 for a signature that does not belong to exactly this request and key.
 */
export function verifySignature(request: ReceivedRequest, access: AwsAccess, service: string): void {
  const { headers } = request;
  const [, accessKeyId, day, region, signedService, signedHeaders, signature] =
    AUTHORIZATION.exec(headers.authorization ?? "") ?? [];
  if (signature === undefined || signedHeaders === undefined) {
    throw new Refusal(403, "Missing Authentication Token", "MissingAuthenticationTokenException");
  }
  const time = String(headers["x-amz-date"]);
  if (accessKeyId !== access.accessKeyId || headers["x-amz-security-token"] !== access.sessionToken) {
    throw new Refusal(403, "The security token included in the request is invalid.", "UnrecognizedClientException");
  }
  if (region !== access.region || signedService !== service || !time.startsWith(`${day}T`)) {
    throw new Refusal(403, `Credential should be scoped to a valid region and service.`, "InvalidSignatureException");
  }
  if (Math.abs(Date.now() - parseTime(time)) > MAX_SKEW_MS) {
    throw new Refusal(403, `Signature expired: ${time}`, "InvalidSignatureException");
  }
  const names = signedHeaders.split(";");
  const required = ["host", "x-amz-date", ...(access.sessionToken === undefined ? [] : ["x-amz-security-token"])];
  const canonical = [
    request.method,
    request.path.split("/").map(encode).join("/"),
    canonicalQuery(request.query),
    ...names.map(
      (name) =>
        `${name}:${String(headers[name] ?? "")
          .trim()
          .replace(/ +/g, " ")}`,
    ),
    "",
    signedHeaders,
    createHash("sha256").update(request.bytes).digest("hex"),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${createHash("sha256").update(canonical).digest("hex")}`;
  const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();
  const key = [day!, region!, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${access.secretAccessKey}`);
  const same = timingSafeEqual(hmac(key, toSign), Buffer.from(signature, "hex"));
  if (!same || !required.every((name) => names.includes(name))) {
    throw new Refusal(
      403,
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
      "InvalidSignatureException",
    );
  }
}

/** The path arrives encoded once and is signed encoded twice, for every service but S3. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
}

function parseTime(time: string): number {
  return Date.parse(time.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

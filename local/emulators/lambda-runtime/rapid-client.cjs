// Replaces `rapid-client.node`, the runtime interface client's HTTP client: the install script that compiles it does not run here.
// Preloaded into the Lambda process.
// CommonJS, and plain JavaScript: a type stripper, or the modules that an `import` of node:http loads, would count as the function's start.
const { request } = require("node:http");
const { registerHooks } = require("node:module");
const { pathToFileURL } = require("node:url");

const SELF = pathToFileURL(__filename).href;
const INVOCATION = "/2018-06-01/runtime/invocation";

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === "./rapid-client.node" ? { url: SELF, shortCircuit: true } : nextResolve(specifier, context),
});

/** The addon's `done` and `error` return when their response is delivered; here the next `next` waits for that. */
let delivered = Promise.resolve();

exports.next = async () => {
  await delivered;
  return call("GET", `${INVOCATION}/next`);
};

exports.done = (id, body) => {
  delivered = call("POST", `${INVOCATION}/${id}/response`, body);
};

exports.error = (id, body, xray) => {
  delivered = call("POST", `${INVOCATION}/${id}/error`, body, { "Lambda-Runtime-Function-XRay-Error-Cause": xray });
};

function call(method, path, body, extra = {}) {
  const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
  const headers = body === undefined ? extra : { ...extra, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ bodyJson: Buffer.concat(chunks).toString("utf8"), headers: response.headers }));
    });
    sent.on("error", reject).end(body);
  });
}

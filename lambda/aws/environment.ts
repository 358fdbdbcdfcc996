import { IngestError } from "../errors.ts";
import { ENV } from "../names.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The services that are called, each with the variable that gives it an endpoint of its own, as in the AWS SDKs. */
const ENDPOINT_VARIABLES = {
  kms: ENV.kmsEndpoint,
  secretsmanager: ENV.secretsEndpoint,
} as const;

export type Service = keyof typeof ENDPOINT_VARIABLES;

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Who calls, and from where: asked at each call, since credentials run out. */
export interface Identity {
  region(): Promise<string>;
  credentials(): Promise<Credentials>;
}

export interface Aws extends Identity {
  endpoint(service: Service): Promise<URL>;
}

/**
 * AWS as the environment names it. Nothing is asked of it yet.
 * @param identity where region and credentials come from, if not from the variables that Lambda sets
 * @throws IngestError `configuration`, when something that is missing is asked for
 */
export function awsIn(env: Environment, identity: Identity = identityIn(env)): Aws {
  return {
    ...identity,
    async endpoint(service) {
      const named = env[ENDPOINT_VARIABLES[service]] || env.AWS_ENDPOINT_URL;
      const url = URL.parse(named || amazon(service, await identity.region()));
      return url ?? fail("The endpoint of AWS that the environment names is not a URL like http://localhost:4566.");
    },
  };
}

function identityIn(env: Environment): Identity {
  return {
    region: async () => env.AWS_REGION || fail("AWS_REGION is not set."),
    async credentials() {
      const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env;
      if (!accessKeyId || !secretAccessKey) fail("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set.");
      return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    },
  };
}

function amazon(service: Service, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

function fail(sentence: string): never {
  throw new IngestError("configuration", sentence);
}

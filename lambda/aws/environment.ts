import * as errors from "../errors.ts";
import { ENV } from "../names.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The services that the functions call, each with the variable that sets its endpoint, as in the AWS SDKs. */
const ENDPOINT_VARIABLES = {
  kms: ENV.kmsEndpoint,
  secretsmanager: ENV.secretsEndpoint,
} as const;

export type Service = keyof typeof ENDPOINT_VARIABLES;

/** The caller and its region. Both are read at each call, since credentials expire. */
export interface Identity {
  region(): Promise<string>;
  credentials(): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined }>;
}

export interface Aws extends Identity {
  endpoint(service: Service): Promise<URL>;
}

/**
 * AWS as the environment names it. Nothing is read or called yet.
 * @param identity the source of region and credentials. @default the variables that Lambda sets
 * @throws IngestError `configuration`, when something missing is read
 */
export function readAws(env: Environment, identity: Identity = readIdentity(env)): Aws {
  return {
    ...identity,
    async endpoint(service) {
      const given = env[ENDPOINT_VARIABLES[service]] || env.AWS_ENDPOINT_URL;
      const url = URL.parse(given || toEndpoint(service, await identity.region()));
      if (!url) throw errors.endpointInvalid(ENDPOINT_VARIABLES[service]);
      return url;
    },
  };
}

function readIdentity(env: Environment): Identity {
  return {
    region: async () => readVariable(env, "AWS_REGION"),
    credentials: async () => ({
      accessKeyId: readVariable(env, "AWS_ACCESS_KEY_ID"),
      secretAccessKey: readVariable(env, "AWS_SECRET_ACCESS_KEY"),
      sessionToken: env.AWS_SESSION_TOKEN || undefined,
    }),
  };
}

/** Reads a variable that must be set. @throws IngestError `configuration` */
export function readVariable(env: Environment, name: string): string {
  const value = env[name];
  if (!value) throw errors.variableMissing(name);
  return value;
}

function toEndpoint(service: Service, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

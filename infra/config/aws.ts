import { isIPv4 } from "node:net";
import { type Form, text } from "./forms.ts";

/** An ARN up to the account, in any partition. */
const arn = (service: string, region = "[a-z0-9-]+") => `^arn:aws[a-z-]*:${service}:${region}:\\d{12}:`;

/** An id such as `vpc-0a1b2c3d`. */
export function id(prefix: "vpc" | "subnet" | "sg"): Form<string> {
  return text(new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`), `an id such as ${prefix}-0a1b2c3d`);
}

export const queueArn = text(
  new RegExp(`${arn("sqs")}[\\w-]+(\\.fifo)?$`),
  "a queue's ARN such as arn:aws:sqs:eu-west-1:123456789012:login-queue",
);

/** Not an alias: policies name keys. */
export const keyArn = text(
  new RegExp(`${arn("kms")}key/[0-9a-z-]+$`),
  "a key's ARN such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
);

/** Complete, with the six characters at its end: without them a grant would fit other secrets, too. */
export const secretArn = text(
  new RegExp(`${arn("secretsmanager")}secret:[\\w/+=.@!-]+-\\w{6}$`),
  "a secret's whole ARN such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:master-AbCdEf",
);

export const roleArn = text(
  new RegExp(`${arn("iam", "")}role/[\\w+=,.@/-]+$`),
  "a role's ARN such as arn:aws:iam::123456789012:role/on-call",
);

export const zone = text(/^[a-z]{2}(-[a-z]+)+-\d[a-z0-9-]*[a-z]$/, "an availability zone such as eu-west-1a");

export const resourceId = text(/^(db|cluster|shardgroup)-[A-Za-z0-9]+$/, "a resource id: db-…, cluster-… or shardgroup-…");

export const host = text(
  /^(?![\d.]+$)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
  "a host name without a port, and no address, because the server's certificate names a host",
);

/** With public addresses, whoever owns them in the internet could not be reached from the VPC. */
const PRIVATE = /^(10|172\.(1[6-9]|2\d|3[01])|192\.168|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;

/** A network's own address: AWS would clear the bits behind the prefix, and the template would say something else. */
export const cidr: Form<string> = {
  ...text(
    /^/,
    "an IPv4 network of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10 with a prefix from /16 to /24, such as 10.42.0.0/22, with no bit set behind the prefix",
  ),
  accepts: (value): value is string => {
    const [, address = "", prefix] = (typeof value === "string" && /^([\d.]+)\/(1[6-9]|2[0-4])$/.exec(value)) || [];
    const bits = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
    return isIPv4(address) && PRIVATE.test(address) && bits % 2 ** (32 - Number(prefix)) === 0;
  },
};

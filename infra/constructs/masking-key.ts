import { Duration, Stack } from "aws-cdk-lib";
import { AnyPrincipal, Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Key, KeySpec, KeyUsage } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { Stage } from "../config/stage.ts";
import { removalPolicy } from "../names.ts";

/**
 * The HMAC key of which the tokens in the rows are made: without it no new row equals an old one, so it stays when its stack goes.
 * Nobody but the ingest functions may use it, whatever their own policies say: who can make tokens can test guesses.
 * @param roleNames the roles of the ingest functions; they need not exist yet, so the policy names them in a condition
 */
export function maskingKey(scope: Construct, stage: Stage, roleNames: readonly string[]): Key {
  const key = new Key(scope, "MaskingKey", {
    alias: `masqueue-${stage.name}-masking`,
    description: `Masqueue ${stage.name}: the tokens in the rows are made with it. Losing it cannot be undone`,
    keySpec: KeySpec.HMAC_256,
    keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
    multiRegion: stage.masking.multiRegion,
    pendingWindow: Duration.days(30),
    removalPolicy: removalPolicy(stage.keepData),
  });
  const roles = roleNames.map((resourceName) => Stack.of(scope).formatArn({ service: "iam", region: "", resource: "role", resourceName }));
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "OnlyIngestFunctionsMakeTokens",
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ["kms:GenerateMac"],
      resources: ["*"],
      conditions: { ArnNotEquals: { "aws:PrincipalArn": roles } },
    }),
  );
  return key;
}

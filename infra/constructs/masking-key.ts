import { Duration, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { Stage } from "../config/schema.ts";
import { removalPolicy } from "../names.ts";

/**
 * The HMAC key of the tokens in the rows. Without it no new row equals an old one, so it remains when its stack is deleted. Only the
 * ingest functions may use it, whatever other policies say: anyone who can create tokens can test guesses.
 * @param roleNames the roles of the ingest functions; they need not exist yet, so the policy names them in a condition
 */
export function createMaskingKey(scope: Construct, stage: Stage, roleNames: readonly string[]): kms.Key {
  const key = new kms.Key(scope, "MaskingKey", {
    alias: `masqueue-${stage.name}-masking`,
    description: `Masqueue ${stage.name}: the tokens in the rows are made with it. Losing it cannot be undone`,
    keySpec: kms.KeySpec.HMAC_256,
    keyUsage: kms.KeyUsage.GENERATE_VERIFY_MAC,
    multiRegion: stage.masking.multiRegion,
    pendingWindow: Duration.days(30),
    removalPolicy: removalPolicy(stage.keepData),
  });
  const roles = roleNames.map((resourceName) => Stack.of(scope).formatArn({ service: "iam", region: "", resource: "role", resourceName }));
  key.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: "OnlyIngestFunctionsMakeTokens",
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: ["kms:GenerateMac"],
      resources: ["*"],
      conditions: { ArnNotEquals: { "aws:PrincipalArn": roles } },
    }),
  );
  return key;
}

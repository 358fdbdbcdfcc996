import { Duration } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { Stage } from "../config/schema.ts";
import { ingestRoleName, removalPolicy, roleArn } from "../names.ts";

/**
 * The HMAC key of the tokens in the rows. Without it no new row equals an old one, so it remains when its stack is deleted. Only the
 * ingest functions may use it, whatever other policies say: anyone who can create tokens can test guesses.
 */
export function createMaskingKey(scope: Construct, stage: Stage): kms.Key {
  const key = new kms.Key(scope, "MaskingKey", {
    alias: `masqueue-${stage.name}-masking`,
    description: `Masqueue ${stage.name}: the tokens in the rows are made with it. Losing it cannot be undone`,
    keySpec: kms.KeySpec.HMAC_256,
    keyUsage: kms.KeyUsage.GENERATE_VERIFY_MAC,
    multiRegion: stage.masking.multiRegion,
    pendingWindow: Duration.days(30),
    removalPolicy: removalPolicy(stage.keepData),
  });
  const roleNames = Object.keys(stage.pipelines).map((pipeline) => ingestRoleName(scope, stage.name, pipeline));
  key.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: "OnlyIngestFunctionsMakeTokens",
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: ["kms:GenerateMac"],
      resources: ["*"],
      // The roles need not exist yet, so a condition names them.
      conditions: { ArnNotEquals: { "aws:PrincipalArn": roleNames.map((name) => roleArn(scope, name)) } },
    }),
  );
  return key;
}

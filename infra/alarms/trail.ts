import { Duration, Validations } from "aws-cdk-lib";
import { ReadWriteType, Trail } from "aws-cdk-lib/aws-cloudtrail";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { Stage } from "../config/stage.ts";
import { removalPolicy } from "../names.ts";

/** Days that the record of calls is kept. */
const KEPT = 365;

/**
 * Records the account's management events of this Region, reads included. EventBridge hears of the masking key's use only where a
 * trail records it. The first trail of an account costs nothing but its storage; a second one costs per event.
 */
export function makeTrail(scope: Construct, { name, keepData }: Stage): void {
  const bucket = new Bucket(scope, "TrailBucket", {
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    lifecycleRules: [{ expiration: Duration.days(KEPT), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy: removalPolicy(keepData),
    autoDeleteObjects: !keepData,
  });
  Validations.of(bucket).acknowledge({
    id: "AwsSolutions-S1",
    reason:
      "The bucket is itself a log, written by CloudTrail alone and validated by its digests; a log of its readers would need another bucket.",
  });
  new Trail(scope, "Trail", {
    trailName: `masqueue-${name}`,
    bucket,
    managementEvents: ReadWriteType.ALL,
    isMultiRegionTrail: false,
    includeGlobalServiceEvents: false,
  });
}

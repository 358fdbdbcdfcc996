import type { Template } from "aws-cdk-lib/assertions";

/** A statement of an IAM policy, as the template has it. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Returns the statements of a role's own policy. @param role the beginning of its logical id */
export function statementsOf(template: Template, role: string): Statement[] {
  const policies = Object.entries(template.findResources("AWS::IAM::Policy")).filter(([id]) => id.startsWith(role));
  return policies.flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[]);
}

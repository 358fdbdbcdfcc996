import { describe, expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { templateOf, VARIANTS } from "../support/stage.ts";
import { statementsOf } from "../support/statements.ts";

describe("the migrate function", () => {
  test("is called at deploy time, again when its code or a migration changes, and the call waits longer than it runs", () => {
    const template = templateOf("schema", "prod");
    const [trigger] = Object.values(template.findResources("Custom::Trigger"));
    const [migrate] = Object.values(
      template.findResources("AWS::Lambda::Function", { Properties: { FunctionName: "masqueue-prod-migrate" } }),
    );
    expect(trigger?.Properties).toMatchObject({ InvocationType: "RequestResponse", ExecuteOnHandlerChange: true });
    expect(Number(trigger?.Properties.Timeout)).toBeGreaterThan(migrate?.Properties.Timeout * 1000);
    expect(trigger?.Properties.HandlerArn.Ref).toMatch(/^MigrateCurrentVersion/);
  });

  test("logs in by IAM as the owner of the tables, and may read the master user's secret alone", () => {
    const template = templateOf("schema", "prod");
    template.hasResourceProperties("AWS::Lambda::Function", {
      FunctionName: "masqueue-prod-migrate",
      Environment: {
        Variables: Match.objectLike({
          PGUSER: "masqueue_migrate",
          PG_IAM_AUTH: "true",
          PGPASSWORD: Match.absent(),
          ADMIN_SECRET: Match.anyValue(),
        }),
      },
    });
    const statements = statementsOf(template, "MigrateRole");
    expect(statements.filter(({ Action }) => Action === "secretsmanager:GetSecretValue")).toHaveLength(1);
    const users = JSON.stringify(statements.find(({ Action }) => Action === "rds-db:connect")).match(/\/masqueue_\w+/g);
    expect(users).toEqual(["/masqueue_admin", "/masqueue_migrate"]);
    expect(statements.find(({ Action }) => Action === "kms:Decrypt")).toMatchObject({
      Condition: { StringEquals: { "kms:ViaService": expect.anything() } },
    });
  });

  test("may log in by IAM as the user of a named secret", () => {
    const context = { ...VARIANTS["existing database"], "database.adminUser": "dba" };
    const connect = statementsOf(templateOf("schema", "prod", context), "MigrateRole").find(({ Action }) => Action === "rds-db:connect");
    expect(JSON.stringify(connect)).toContain("/dba");
  });

  test("reads no secret if none is named for an existing database", () => {
    const { "database.adminSecretArn": _, "database.adminUser": __, ...context } = VARIANTS["existing database"] ?? {};
    const template = templateOf("schema", "prod", context);
    expect(statementsOf(template, "MigrateRole").filter(({ Action }) => /secretsmanager|kms/.test(String(Action)))).toEqual([]);
    template.hasResourceProperties("AWS::Lambda::Function", {
      Environment: { Variables: Match.objectLike({ ADMIN_SECRET: Match.absent() }) },
    });
  });
});

/** Tests are TypeScript modules, transformed one by one; a Postgres server is started once for all. */
export default {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "\\.m?ts$": [
      "@swc/jest",
      {
        jsc: { parser: { syntax: "typescript" }, target: "es2024", experimental: { keepImportAttributes: true } },
        module: { type: "es6" },
      },
    ],
  },
  testMatch: ["<rootDir>/test/**/*.test.ts", "<rootDir>/lambda/custom/**/*.test.ts"],
  // These want a LocalStack: npm run test:localstack.
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/localstack/"],
  modulePathIgnorePatterns: ["<rootDir>/(.masqueue|build|cdk.out)/"],
  watchman: false,
  globalSetup: "<rootDir>/test/support/global-setup.mts",
  globalTeardown: "<rootDir>/test/support/global-teardown.mts",
  maxWorkers: 2,
  testTimeout: 60_000,
};

import base from "./jest.config.mjs";

/** npm run test:localstack: what needs a LocalStack and a Postgres that the environment names. One file at a time, since stage local is there once. */
export default {
  ...base,
  testMatch: ["<rootDir>/test/localstack/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
  globalSetup: "<rootDir>/test/localstack/set-up.mts",
  globalTeardown: undefined,
  maxWorkers: 1,
  testTimeout: 300_000,
};

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', 'build/**', 'test/scenario/**', 'test/demo/**'],
        },
      },
      {
        test: {
          name: 'scenario',
          include: ['test/scenario/**/*.test.ts', 'test/demo/**/*.test.ts'],
          globalSetup: 'test/harness/isolated.ts',
          // The servers of a scenario listen on ports 80 and 443 of the test addresses, so one file runs at a time.
          pool: 'forks',
          fileParallelism: false,
          // A gateway needs a few seconds to start on a loaded machine, and some scenarios wait for restarts.
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});

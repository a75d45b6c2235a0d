import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          // Some compile all rules or cut a case at every byte, on machines that do other things beside.
          testTimeout: 60_000,
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', 'build/**', 'test/scenario/**', 'test/demo/**', 'test/containers/**'],
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
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'containers',
          include: ['test/containers/**/*.test.ts'],
          // Images are made once; a start in 256 MiB on a loaded machine takes a while.
          globalSetup: 'test/containers/images.ts',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});

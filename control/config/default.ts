import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readConfig } from './read.ts';
import type { Config } from './schema.ts';

const path = fileURLToPath(new URL('./default.yaml', import.meta.url));

/** The pipelock.yaml that `penstock run` uses without --config, as text. */
export const defaultConfigText: string = readFileSync(path, 'utf8');

/** The Config of defaultConfigText. */
export const defaultConfig: Config = readConfig(defaultConfigText, path).config;

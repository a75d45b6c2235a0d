/** The commands that look and start nothing: render, check, ca. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle, findSystemRoots } from '../certs/bundle.ts';
import { openAuthority } from '../certs/ca.ts';
import { readConfig } from '../config/read.ts';
import { assemble, configSource } from './assemble.ts';
import type { RunOptions } from './options.ts';
import { stateLayout } from './plan.ts';

/** Prints pipelock.yaml as used and Envoy's files, each under a line with its name; or writes them to a directory. */
export function renderFiles(options: RunOptions, output: string | undefined): void {
  const { configText, files, notices } = assemble(options, stateLayout(resolve(options.stateDirectory)), process.env);
  for (const notice of notices) process.stderr.write(`${notice}\n`);
  const named: [name: string, text: string][] = [
    ['pipelock.yaml', configText],
    ['bootstrap.yaml', files.bootstrap],
    ['listeners.yaml', files.listeners],
    ['clusters.yaml', files.clusters],
    ['filter.yaml', files.filter],
  ];
  if (output === undefined) {
    // YAML documents of one stream, so that the whole can be read by machine too.
    for (const [name, text] of named) process.stdout.write(`--- # ${name}\n${text.trimEnd()}\n`);
    return;
  }
  mkdirSync(output, { recursive: true });
  for (const [name, text] of named) writeFileSync(join(output, name), text);
}

/**
 * Reports every problem of a configuration by throwing it, else its notices and that it is well. All stages run, with
 * the options of `run` at their defaults, so that the guard has its say too.
 */
export function checkFile(file: string): void {
  const options: RunOptions = {
    config: file,
    listen: { address: '127.0.0.1', port: 8888 },
    mcpListen: { address: '127.0.0.1', port: 8889 },
    stateDirectory: '.penstock',
    logFormat: 'text',
    concurrency: 1,
  };
  const { notices } = assemble(options, stateLayout(resolve(options.stateDirectory)), process.env);
  for (const notice of notices) process.stdout.write(`${notice}\n`);
  process.stdout.write(`${file}: no problems\n`);
}

/** Prints the CA's certificate, or the system's roots and it. A CA in the state directory is made where there is none. */
export async function printAuthority(options: {
  config: string | undefined;
  stateDirectory: string;
  bundled: boolean;
}): Promise<void> {
  const { text, place } = configSource(options.config);
  const { ca_cert, ca_key } = readConfig(text, place).config.tls_interception;
  const layout = stateLayout(resolve(options.stateDirectory));
  const authority = await openAuthority({
    certFile: ca_cert || layout.certFile,
    keyFile: ca_key || layout.keyFile,
    create: ca_cert === '' && ca_key === '',
  });
  process.stdout.write(
    options.bundled ? bundle(authority, findSystemRoots(process.env)) : authority.certificate.toString(),
  );
}

/** Where the pins of a gateway are kept. */
import { join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { clusterApi } from '../pins/cluster-api.ts';
import { ConfigMapStore } from '../pins/config-map-store.ts';
import { FileStore } from '../pins/file-store.ts';
import type { FirstSeen } from '../pins/judge.ts';
import type { PinStore } from '../pins/store.ts';
import type { RunOptions } from './options.ts';

/** A file, or a ConfigMap of the pod's namespace. Plain data: it is part of the Plan. */
export type PinPlace = { file: string } | { configMap: string };

/** The file of a state directory. In a folder of its own: a volume can be mounted there. */
export function pinFile(stateDirectory: string): string {
  return join(stateDirectory, 'pins', 'pins.json');
}

/** What a configuration says of pins. */
export function pinsOf(
  { pins, mcp_tool_scanning }: Config,
  options: Pick<RunOptions, 'stateDirectory' | 'pinsConfigMap'>,
): { place: PinPlace; firstSeen: FirstSeen } {
  const file = pinFile(resolve(options.stateDirectory));
  return {
    place: pins.store === 'configMap' ? { configMap: options.pinsConfigMap } : { file },
    firstSeen: mcp_tool_scanning.first_seen,
  };
}

/** @throws StoreError */
export function openPinStore(place: PinPlace, env: NodeJS.ProcessEnv): PinStore {
  return 'file' in place ? new FileStore(place.file) : new ConfigMapStore(place.configMap, clusterApi(env));
}

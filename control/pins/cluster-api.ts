/**
 * The three calls of the Kubernetes API that pins need, from inside a pod. Not through @kubernetes/client-node: loading it
 * takes 75 MB, and all of the gateway has 256; what is needed of it is one TLS request with a token.
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { StoreError } from './store.ts';

/** Where a pod finds its service account. */
export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A request of the filter waits for it (filter/action/pins.ts), so it is shorter than that. */
const answerLimitMs = 2_000;
/** The largest object that Kubernetes keeps is 1.5 MiB. */
const maxAnswerBytes = 4 * 1024 * 1024;

export interface ConfigMap {
  apiVersion: 'v1';
  kind: 'ConfigMap';
  metadata: { name: string; namespace?: string; resourceVersion?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
}

/** Makes one call. Gives the status and the object, which is undefined unless the status is 2xx. */
export type ClusterApi = (
  method: 'GET' | 'POST' | 'PUT',
  name: string,
  object?: ConfigMap,
) => Promise<{ status: number; object: ConfigMap | undefined }>;

/**
 * The API of the cluster that this pod runs in; calls are about ConfigMaps of the pod's namespace.
 * @throws StoreError outside of a pod
 */
export function clusterApi(env: NodeJS.ProcessEnv, directory: string = serviceAccountDirectory): ClusterApi {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) {
    throw new StoreError('pins: the store is a ConfigMap, and this is no pod of a cluster; write pins.store: file');
  }
  const account = (name: string) => {
    try {
      return readFileSync(join(directory, name), 'utf8').trim();
    } catch (error) {
      throw new StoreError(
        `${join(directory, name)}: ${(error as Error).message}; give the pod a service account (pins.store: configMap in the chart does)`,
      );
    }
  };
  return (method, name, object) =>
    new Promise((settle, reject) => {
      const body = object === undefined ? undefined : JSON.stringify(object);
      const path = `/api/v1/namespaces/${encodeURIComponent(account('namespace'))}/configmaps`;
      const call = request(
        {
          ...{ method, host, port, path: method === 'POST' ? path : `${path}/${encodeURIComponent(name)}` },
          // Kubelet renews both; reading them anew costs nothing.
          ca: account('ca.crt'),
          headers: {
            authorization: `Bearer ${account('token')}`,
            accept: 'application/json',
            ...(body !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
          },
          signal: AbortSignal.timeout(answerLimitMs),
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
            if (text.length > maxAnswerBytes) response.destroy(new Error('the answer is too large'));
          });
          response.on('error', reject);
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            try {
              settle({ status, object: status >= 200 && status < 300 ? (JSON.parse(text) as ConfigMap) : undefined });
            } catch (error) {
              reject(error);
            }
          });
        },
      );
      call.on('error', reject);
      call.end(body);
    });
}

/**
 * As much of a Kubernetes API server as Helm needs to install and upgrade, and pods to share pins: discovery, and objects
 * that are kept in memory, with the versions by which a late write is refused. It checks nothing else; schemas do that elsewhere.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { isWire, readSecret } from './secret-wire.ts';

// biome-ignore lint/suspicious/noExplicitAny: an object of Kubernetes
type Stored = any;

export interface ApiServer {
  /** Text of a kubeconfig that leads here. */
  kubeconfig: string;
  port: number;
  /** The objects by path, "/api/v1/namespaces/money/secrets/sure-app". */
  objects: Map<string, Stored>;
  close(): Promise<void>;
}

const resources: Record<string, [plural: string, kind: string][]> = {
  v1: [
    ['secrets', 'Secret'],
    ['configmaps', 'ConfigMap'],
    ['services', 'Service'],
    ['namespaces', 'Namespace'],
  ],
  'apps/v1': [
    ['deployments', 'Deployment'],
    ['statefulsets', 'StatefulSet'],
  ],
  'batch/v1': [['jobs', 'Job']],
  'networking.k8s.io/v1': [['ingresses', 'Ingress']],
};

/** @param secure https with this certificate, for callers with this bearer token alone */
export async function startApiServer(secure?: { cert: string; key: string; token: string }): Promise<ApiServer> {
  const objects = new Map<string, Stored>();
  let version = 0;
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    if (secure && request.headers.authorization !== `Bearer ${secure.token}`)
      return reply(response, 401, failure(401, 'Unauthorized', 'Unauthorized'));
    answer(request, objects, () => ++version).then(
      ([status, body]) => reply(response, status, body),
      (error: Error) => reply(response, 500, failure(500, error.message)),
    );
  };
  const server = secure ? createSecureServer(secure, listener) : createServer(listener);
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((settle) => {
      server.close(() => settle());
      server.closeAllConnections();
    });
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'here', namespace: 'money' } }],
    clusters: [{ name: 'here', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'here', user: {} }],
  });
  return { kubeconfig, port, objects, close };
}

async function answer(
  request: IncomingMessage,
  objects: Map<string, Stored>,
  next: () => number,
): Promise<[number, object]> {
  const url = new URL(request.url!, 'http://server');
  const path = url.pathname;
  const found = discovery(path);
  if (found) return [200, found];
  // How something is to be deleted does not matter here.
  const body = request.method === 'DELETE' ? undefined : await read(request);
  const name = path.split('/').at(-1)!;
  const isCollection = Object.values(resources).some((group) => group.some(([plural]) => plural === name));
  if (request.method === 'POST') {
    const made = { ...body, metadata: { ...body.metadata, uid: `uid-${next()}`, resourceVersion: String(next()) } };
    const at = `${path}/${body.metadata.name}`;
    if (objects.has(at)) return [409, failure(409, `${at} exists`, 'AlreadyExists')];
    objects.set(at, made);
    return [201, made];
  }
  if (request.method === 'GET' && isCollection) {
    const wanted = (url.searchParams.get('labelSelector') ?? '').split(',').filter((part) => part.includes('='));
    const items = [...objects].filter(([at]) => at.startsWith(`${path}/`)).map(([, object]) => object);
    const kind = Object.values(resources)
      .flat()
      .find(([plural]) => plural === name)![1];
    const matches = (object: Stored) =>
      wanted.every((part) => object.metadata.labels?.[part.split('=')[0]!] === part.split('=')[1]);
    return [200, { apiVersion: 'v1', kind: `${kind}List`, metadata: {}, items: items.filter(matches) }];
  }
  const stored = objects.get(path);
  if (!stored) return [404, failure(404, `${path} not found`, 'NotFound')];
  if (request.method === 'DELETE') objects.delete(path);
  const version = body?.metadata?.resourceVersion;
  if (request.method === 'PUT' && version !== undefined && version !== stored.metadata.resourceVersion)
    return [409, failure(409, `${path} was changed meanwhile`, 'Conflict')];
  if (request.method === 'PUT')
    objects.set(path, { ...body, metadata: { ...body.metadata, resourceVersion: String(next()) } });
  if (request.method === 'PATCH') objects.set(path, merge(stored, body) as Stored);
  return [200, objects.get(path) ?? stored];
}

function discovery(path: string): object | undefined {
  if (path === '/version') return { major: '1', minor: '34', gitVersion: 'v1.34.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = Object.keys(resources).filter((group) => group.includes('/'));
  if (path === '/apis') {
    return {
      ...{ kind: 'APIGroupList', apiVersion: 'v1' },
      groups: groups.map((group) => {
        const versions = [{ groupVersion: group, version: group.split('/')[1] }];
        return { name: group.split('/')[0], versions, preferredVersion: versions[0] };
      }),
    };
  }
  const group = path === '/api/v1' ? 'v1' : groups.find((each) => path === `/apis/${each}`);
  if (group === undefined) return undefined;
  return {
    ...{ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group },
    resources: resources[group]!.map(([name, kind]) => ({
      ...{ name, kind, singularName: kind.toLowerCase(), namespaced: name !== 'namespaces' },
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    })),
  };
}

/** RFC 7396. Helm's patches of the objects here hold no lists that a strategic merge would treat otherwise. */
function merge(into: Stored, patch: Stored): Stored {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const made = { ...(typeof into === 'object' && into !== null && !Array.isArray(into) ? into : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete made[key];
    else made[key] = merge(made[key], value);
  }
  return made;
}

async function read(request: IncomingMessage): Promise<Stored> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (isWire(body)) return readSecret(body);
  return body.length === 0 ? undefined : JSON.parse(body.toString());
}

function failure(code: number, message: string, reason = 'InternalError'): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

function reply(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}

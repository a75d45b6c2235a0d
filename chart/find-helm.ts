/**
 * Which Helm to run: `helm` of PATH where it is Helm 3, else the pinned one, built once by `go install` into the cache. And
 * where Kubernetes' own OpenAPI schemas are: a pinned Go module. For tests; run by itself it prints Helm's path.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../envoy/find.ts';

const run = promisify(execFile);

const helmVersion = 'v3.19.0';
const kubernetesVersion = 'v1.34.0';
/** go.sum's hash of k8s.io/kubernetes at that version. */
const kubernetesSum = 'h1:NvUrwPAVB4W3mSOpJ/RtNGHWWYyUP/xPaX5rUSpzA0w=';

/** Helm takes about three minutes to build on two cores; a slow machine may have five times that. */
const buildLimitMs = 900_000;

/**
 * The path of a Helm 3.
 * @throws Error, one line that says what to install
 */
export async function findHelm(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<string> {
  const onPath = await run('helm', ['version', '--short'], { env }).catch(() => undefined);
  if (onPath?.stdout.startsWith('v3.')) return 'helm';
  const directory = join(cacheDirectory(env), `helm-${helmVersion}`);
  const path = join(directory, 'helm');
  if (await exists(path)) return path;
  log(`building helm ${helmVersion}, once; this takes minutes …`);
  const making = `${directory}.${process.pid}`;
  await mkdir(making, { recursive: true });
  await go(['install', `helm.sh/helm/v3/cmd/helm@${helmVersion}`], { ...env, GOBIN: making }, 'helm');
  // Another run may have been quicker; either Helm is the same.
  await rename(making, directory).catch(() => {});
  return path;
}

/**
 * The folder with Kubernetes' OpenAPI documents, `apis__apps__v1_openapi.json` and others.
 * @throws Error, one line that says what to do
 */
export async function findKubernetesSchemas(env: NodeJS.ProcessEnv): Promise<string> {
  const module = `k8s.io/kubernetes@${kubernetesVersion}`;
  const { stdout } = await go(['mod', 'download', '-json', module], env, "Kubernetes' schemas");
  const { Dir, Sum } = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (Sum !== kubernetesSum) throw new Error(`${module}: the download has the hash ${Sum}, not ${kubernetesSum}`);
  return join(Dir, 'api', 'openapi-spec', 'v3');
}

async function go(args: string[], env: NodeJS.ProcessEnv, what: string): Promise<{ stdout: string }> {
  try {
    return await run('go', args, { env, timeout: buildLimitMs, cwd: '/' });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') throw new Error(`${what}: not on PATH, and no Go to get it; install Helm 3 and Go`);
    throw new Error(
      `${what}: go ${args.join(' ')}: ${stderr?.trim().split('\n').at(-1)}; install Helm 3, or mend Go's proxy`,
    );
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

if (import.meta.main) {
  try {
    console.log(await findHelm(process.env, (line) => console.error(line)));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

/** Pod Security Standards, profile `restricted`: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
import type { KubernetesObject } from './kubernetes.ts';

const allowedVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** What `restricted` has against the pods of an object, and a root file system that may be written. */
export function restrictedProblems(object: KubernetesObject): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: an object of Kubernetes
  const pod = (object as any).spec?.template?.spec;
  if (!pod) return [];
  const problems: string[] = [];
  const check = (holds: boolean, what: string) => {
    if (!holds) problems.push(`${object.kind} ${object.metadata.name}: ${what}`);
  };
  check(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, 'shares a namespace of the host');
  for (const { name, ...source } of pod.volumes ?? []) {
    check(
      Object.keys(source).every((kind) => allowedVolumes.includes(kind)),
      `volume ${name} is of a kind that is not allowed`,
    );
  }
  check(pod.securityContext?.runAsNonRoot === true, 'runAsNonRoot is not true');
  check(pod.securityContext?.runAsUser > 0, 'runs as root, or as whatever user the image has');
  check(['RuntimeDefault', 'Localhost'].includes(pod.securityContext?.seccompProfile?.type), 'has no seccomp profile');
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    const own = container.securityContext ?? {};
    const where = `container ${container.name}`;
    check(own.allowPrivilegeEscalation === false, `${where}: allows privilege escalation`);
    check(!own.privileged, `${where}: is privileged`);
    check((own.capabilities?.drop ?? []).includes('ALL'), `${where}: does not drop all capabilities`);
    check((own.capabilities?.add ?? []).length === 0, `${where}: adds a capability`);
    check(own.runAsUser !== 0 && own.runAsNonRoot !== false, `${where}: runs as root`);
    check(own.readOnlyRootFilesystem === true, `${where}: has a root file system that can be written`);
    check(
      (container.ports ?? []).every((port: { hostPort?: number }) => !port.hostPort),
      `${where}: takes a port of the host`,
    );
  }
  return problems;
}

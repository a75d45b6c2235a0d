// The contract with the values files of Sure's users: every value of its `pipelock` block is here, with its name and, but for
// what is listed with a reason, its default.
import { expect, test } from 'vitest';
import { gatewayChart } from '../../control/values/chart.ts';

/** Values of Sure's `pipelock` block and their defaults there. */
const contract: Record<string, unknown> = {
  enabled: false,
  'image.repository': undefined,
  'image.tag': '2.0.0',
  'image.pullPolicy': 'IfNotPresent',
  'image.imagePullSecrets': [],
  replicas: 1,
  mode: 'balanced',
  trustedDomains: [],
  'forwardProxy.enabled': true,
  'forwardProxy.port': 8888,
  'forwardProxy.maxTunnelSeconds': 300,
  'forwardProxy.idleTimeoutSeconds': 60,
  'mcpProxy.port': 8889,
  'mcpProxy.upstream': '',
  'websocketProxy.enabled': false,
  'websocketProxy.maxMessageBytes': 1048576,
  'websocketProxy.maxConcurrentConnections': 128,
  'websocketProxy.scanTextFrames': true,
  'websocketProxy.allowBinaryFrames': false,
  'websocketProxy.forwardCookies': false,
  'websocketProxy.maxConnectionSeconds': 3600,
  'websocketProxy.idleTimeoutSeconds': 300,
  'websocketProxy.originPolicy': 'rewrite',
  'mcpToolPolicy.enabled': false,
  'mcpToolPolicy.action': 'warn',
  'mcpToolPolicy.rules': [],
  'mcpToolPolicy.redirectProfiles': {},
  'mcpSessionBinding.enabled': true,
  'mcpSessionBinding.unknownToolAction': 'warn',
  'toolChainDetection.enabled': true,
  'toolChainDetection.action': 'warn',
  'toolChainDetection.windowSize': 20,
  'toolChainDetection.maxGap': 3,
  'requestBodyScanning.enabled': true,
  'requestBodyScanning.action': 'warn',
  'requestBodyScanning.maxBodyBytes': 5242880,
  'requestBodyScanning.scanHeaders': true,
  'requestBodyScanning.headerMode': 'sensitive',
  'healthWatchdog.enabled': true,
  'healthWatchdog.intervalSeconds': 2,
  'healthWatchdog.exposeSubsystems': false,
  'flightRecorder.enabled': true,
  'flightRecorder.requireReceipts': false,
  'flightRecorder.redact': true,
  'flightRecorder.dir': '',
  'flightRecorder.signingKeyPath': '',
  'service.type': 'ClusterIP',
  resources: undefined,
  podAnnotations: {},
  nodeSelector: {},
  tolerations: [],
  affinity: {},
  topologySpreadConstraints: [],
  extraVolumes: [],
  extraVolumeMounts: [],
  'serviceMonitor.enabled': false,
  'serviceMonitor.interval': '30s',
  'serviceMonitor.scrapeTimeout': '10s',
  'serviceMonitor.path': '/metrics',
  'serviceMonitor.portName': 'proxy',
  'serviceMonitor.additionalLabels': {},
  'ingress.enabled': false,
  'ingress.className': '',
  'ingress.annotations': {},
  'ingress.hosts': [],
  'ingress.tls': [],
  'pdb.enabled': false,
  'pdb.minAvailable': '',
  'pdb.maxUnavailable': 1,
  'logging.format': 'json',
  'logging.output': 'stdout',
  'logging.includeAllowed': false,
  'logging.includeBlocked': true,
  extraConfig: {},
  requireForExternalAssistant: true,
};

/** Defaults that differ, and why. docs/migrate-from-pipelock.md tells users. */
const differing: Record<string, [ours: unknown, why: string]> = {
  enabled: [true, 'the chart installs alone; in chart/sure it is false'],
  'image.repository': ['penstock', 'our image'],
  'image.tag': ['', "the chart's appVersion"],
  resources: [
    { requests: { cpu: '50m', memory: '192Mi' }, limits: { memory: '256Mi' } },
    'Envoy with the filter needs more',
  ],
  'mcpToolPolicy.action': ['', 'the mode decides'],
  'mcpSessionBinding.unknownToolAction': ['', 'the mode decides'],
  'toolChainDetection.action': ['', 'the mode decides'],
  'requestBodyScanning.action': ['', 'the mode decides'],
  'requestBodyScanning.headerMode': ['all', "the six headers of sensitive hold a caller's own keys"],
};

const ownDefault = (key: string) =>
  key
    .split('.')
    .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], gatewayChart.defaults);

test.each(Object.entries(contract))('%s', (key, official) => {
  expect(ownDefault(key)).toEqual(key in differing ? differing[key]![0] : official);
});

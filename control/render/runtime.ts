/** Where one running gateway has its files. All paths are absolute. */
export interface Runtime {
  /** The gateway's run directory, 0700: bootstrap.yaml, listeners.yaml, clusters.yaml. */
  directory: string;
  /** Unix socket on which control serves leaf certificates (ADS). */
  adsSocket: string;
  /** Unix socket on which control serves HTTP/1.1: /metrics. */
  controlSocket: string;
  /** Unix socket on which control says how the tools of a list stand to their pins. */
  pinsSocket: string;
  /** Unix socket on which control has handlers answer redirected calls. */
  handlerSocket: string;
  /** Unix socket that Envoy makes for its admin interface. */
  adminSocket: string;
  /** The compiled filter. */
  filterWasm: string;
  /** A directory that holds filter.yaml and nothing else; Envoy watches it. */
  filterDirectory: string;
}

/** The texts of the files that Envoy reads, by Runtime: bootstrap.yaml, listeners.yaml, clusters.yaml, filter/filter.yaml. */
export interface EnvoyFiles {
  bootstrap: string;
  /** LDS. */
  listeners: string;
  /** CDS. */
  clusters: string;
  /** ECDS: the filter with its table. */
  filter: string;
}

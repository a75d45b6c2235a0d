/** The queues that all VMs share, each under a vm id and a name. Give one to several hosts to play several workers. */
export class SharedQueues {
  readonly #ids = new Map<string, number>();
  readonly #queues = new Map<number, Uint8Array[]>();

  /** The id of the queue, made when it is not there yet. */
  register(vmId: string, name: string): number {
    const known = this.resolve(vmId, name);
    if (known !== undefined) return known;
    const id = this.#queues.size + 1;
    this.#ids.set(`${vmId}\0${name}`, id);
    this.#queues.set(id, []);
    return id;
  }

  resolve(vmId: string, name: string): number | undefined {
    return this.#ids.get(`${vmId}\0${name}`);
  }

  /** False when there is no such queue. */
  enqueue(id: number, element: Uint8Array): boolean {
    const queue = this.#queues.get(id);
    queue?.push(element.slice());
    return queue !== undefined;
  }

  /** The oldest element; 'empty' or 'missing' when there is none. */
  dequeue(id: number): Uint8Array | 'empty' | 'missing' {
    const queue = this.#queues.get(id);
    return queue ? (queue.shift() ?? 'empty') : 'missing';
  }
}

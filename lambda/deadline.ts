/** A point in time by which a batch must be settled; effects take it as an argument. */
export class Deadline {
  readonly #at: number;
  readonly #now: () => number;

  /**
   * @param milliseconds time left from now
   * @param now the clock, in milliseconds; passed in by tests
   */
  constructor(milliseconds: number, now: () => number = Date.now) {
    this.#now = now;
    this.#at = now() + milliseconds;
  }

  /** An earlier deadline by the same clock. @param share of the time that is left, from 0 to 1 */
  part(share: number): Deadline {
    return new Deadline(this.remaining * share, this.#now);
  }

  /** Milliseconds left; never negative. */
  get remaining(): number {
    return Math.max(0, this.#at - this.#now());
  }

  get passed(): boolean {
    return this.remaining === 0;
  }

  /**
   * Waits for `work`, at the longest until the deadline; then calls `giveUp`, which must make `work` settle
   * (destroy its socket), and waits for that, so that nothing goes on unseen.
   */
  async guard<T>(work: Promise<T>, giveUp: () => void): Promise<T> {
    // A timer may fire a millisecond early by the clock; the deadline must have passed by then.
    const timer = setTimeout(giveUp, this.remaining + 1);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Waits for `work` that nothing can end, at the longest until the deadline; after that it goes on unseen.
   * @param late what is thrown then
   */
  async limit<T>(work: Promise<T>, late: Error): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late), this.remaining);
    });
    return Promise.race([work, passed]).finally(() => clearTimeout(timer));
  }
}

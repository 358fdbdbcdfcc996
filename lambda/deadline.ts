/** The point in time at which a batch must be settled. Effects take it as an argument. */
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

  /** Returns an earlier deadline on the same clock. @param share of the time that is left, from 0 to 1 */
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
   * Waits for `work`. At the deadline it calls `giveUp`, which must make `work` settle (destroy its socket), and waits for that,
   * so that no work goes on unseen.
   */
  async guard<T>(work: Promise<T>, giveUp: () => void): Promise<T> {
    // A timer may fire a millisecond early by the clock, but the deadline must have passed.
    const timer = setTimeout(giveUp, this.remaining + 1);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Waits for `work` that cannot be ended, but not beyond the deadline; after that it goes on unseen.
   * @param late the error that is thrown at the deadline
   */
  async limit<T>(work: Promise<T>, late: Error): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late), this.remaining);
    });
    return Promise.race([work, passed]).finally(() => clearTimeout(timer));
  }
}

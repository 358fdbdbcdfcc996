/** Something that the user can put right; printed as one sentence, without a stack. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: number;

  /** @param exitCode 1 where something failed, 2 where the command was given wrongly */
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** An error outside assertions: what was found, what was expected, and how to fix it. */
export class FrontgateError extends Error {
  override readonly name = "FrontgateError";
}

/** Returns the message of a caught value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Describes a wrong argument for a message: its type, and its value if that is short and not secret. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "number" || typeof value === "boolean" || value == null) return String(value);
  if (isThenable(value)) return "a promise (is an `await` missing?)";
  const name = (value as object).constructor?.name;
  return name ? `a value of type ${name}` : `a value of type ${typeof value}`;
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown }).then === "function";
}

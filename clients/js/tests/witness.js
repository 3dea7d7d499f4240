// A test that fails, or isn't done in its time, tells what those saw that it looked at: a page, a daemon's log.
import nodeTest from "node:test";

const PATIENCE_MS = 10_000;
/** Of each test its witnesses. @type {WeakMap<object, (() => Promise<string> | string)[]>} */
const witnesses = new WeakMap();

/** What `tell` says is printed where the test fails. */
export function witness(context, tell) {
  witnesses.set(context, [...(witnesses.get(context) ?? []), tell]);
}

/** What it comes to, or `late()` where that takes longer. */
async function within(ms, promise, late) {
  let timer;
  const end = new Promise((resolve) => (timer = setTimeout(resolve, ms))).then(late);
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
  }
}

async function heard(tell) {
  const told = Promise.resolve().then(tell).catch((error) => `a witness failed: ${error.message}`);
  return within(PATIENCE_MS, told, () => "a witness does not answer");
}

/** node's, with that. A `timeout` has to be given. */
export const test = (sentence, { timeout, ...options }, story) =>
  nodeTest(sentence, { ...options, timeout: timeout + 60_000 }, async (context) => {
    try {
      await within(timeout, story(context), () => {
        throw new Error(`not done in ${timeout / 1000} s`);
      });
    } catch (error) {
      for (const tell of witnesses.get(context) ?? []) for (const line of (await heard(tell)).split("\n")) context.diagnostic(line);
      throw error;
    }
  });

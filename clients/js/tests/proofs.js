// Which behaviours of clients/behaviours.json a test proves stands at its head: proves("loss", "shutdown")("a sentence", fn).
import test from "node:test";

export const proves = (..._behaviours) => (sentence, story) =>
  test(sentence, { timeout: 120_000 }, async (context) => {
    // As a socket would, which the played daemon has not got.
    const hold = setInterval(() => {}, 1000);
    try {
      await story(context);
    } finally {
      clearInterval(hold);
    }
  });

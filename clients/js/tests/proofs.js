// Which behaviours of clients/behaviours.json a test proves stands at its head: proves("loss", "shutdown")("a sentence", fn).
import { test } from "./witness.js";

export const proves = (..._behaviours) => (sentence, story) => test(sentence, { timeout: 120_000 }, story);

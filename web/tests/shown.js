// What a page shows, for who asks why a test of it failed.
import { witness } from "../../clients/js/tests/witness.js";

const SHOWN = `(() => {
  const text = (id) => document.getElementById(id)?.textContent.replace(/\\s+/g, " ").trim();
  const texts = (ids) => ids.map((id) => id + " “" + text(id) + "”").join(", ");
  const buttons = [...document.querySelectorAll("button")].filter((one) => one.checkVisibility() && !one.disabled).map((one) => one.textContent);
  return [
    "the page: " + texts(["state", "name", "picker", "daemon", "notice", "advice", "word-ch1", "word-ch2", "finder-words", "bpm", "latency"]),
    document.getElementById("dialog")?.open ? "its dialog is open: " + texts(["dialog-title", "dialog-words", "dialog-advice"]) : "it has no dialog open",
    "it records: " + !document.getElementById("recording-sign")?.hidden + ", " + texts(["recording-clock", "recording-facts", "recordings"]),
    "can be pressed: " + buttons.join(" | "),
    ...[...document.querySelectorAll("#log li")].slice(0, 20).map((one) => "its log: " + one.textContent),
  ].join("\\n");
})()`;

/** Where the test fails it is told what this page showed, and its errors; `evaluate` gives what an expression is in it. */
export function watch(context, evaluate, errors) {
  witness(context, async () => [await evaluate(SHOWN), ...errors.map((error) => `its error: ${error}`)].join("\n"));
}

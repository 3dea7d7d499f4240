// In a page: the brighter, the more alpha; dark where it isn't known. Ten times a second, 0.6 s after the brain.
import { connect } from "linkband";

const band = await connect("ws://localhost:8121/ws");
const feedback = band.stream("eeg", { kind: "bands" });
await band.subscribe({ sensors: ["eeg"], kinds: ["bands", "events"] });
for await (const { values } of feedback) {
  const { alpha } = values.ch1_band_powers;
  const light = alpha === null || values.artefacts.length ? 0 : Math.min(100, 2 * alpha);
  document.body.style.background = `hsl(200 60% ${light}%)`;
}

// In a page: the brighter, the more alpha of both channels together; dark where it isn't known.
import { connect } from "linkband";

const band = await connect("ws://localhost:8121/ws");
const feedback = band.stream("eeg", { kind: "processed" });
band.on("connection_lost", () => (document.body.style.background = "black"));
for await (const { values } of feedback) {
  const [one, two] = [values.ch1_relative_powers.alpha, values.ch2_relative_powers.alpha];
  const light = one === null || two === null || values.signal_quality !== "good" ? 0 : 50 * (one + two);
  document.body.style.background = `hsl(200 60% ${light}%)`;
}

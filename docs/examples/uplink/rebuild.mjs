// node rebuild.mjs nats://HOST:4222 STREAM FOLDER: each band's segments as its gateway's spool has them, byte for byte.
import { mkdir, writeFile } from "node:fs/promises";
import { decompress } from "fzstd";
import { connect, AckPolicy } from "nats";

const [url, stream, folder] = process.argv.slice(2);
const connection = await connect({ servers: url });
const manager = await connection.jetstreamManager();
const { state } = await manager.streams.info(stream);
const { name } = await manager.consumers.add(stream, { ack_policy: AckPolicy.None, filter_subject: "linkband.v1.*.*.*.raw" });
const consumer = await connection.jetstream().consumers.get(stream, name);
// A batch may come twice, and behind a later one: its number says where it belongs, within the spool that it is of.
const bands = new Map();
for (let left = (await consumer.info()).num_pending; left > 0; left--) {
  const message = await consumer.next({ expires: 5000 });
  if (!message) break; // taken away meanwhile
  const [first, last] = message.headers.get("Linkband-Records").split("-").map(Number);
  const [spool] = message.headers.get("Nats-Msg-Id").split("/");
  const band = [...message.subject.split(".").slice(2, 5), spool].join("/");
  if (!bands.has(band)) bands.set(band, new Map());
  bands.get(band).set(first, { last, text: decompress(message.data) });
}

const starts = (text) => text[0] === 35 && text[1] === 32; // "# ": a capture's first line
for (const [band, batches] of bands) {
  await mkdir(`${folder}/${band}`, { recursive: true });
  let name, parts = [], next;
  const save = () => parts.length && writeFile(`${folder}/${band}/${name}.lbcap`, Buffer.concat(parts));
  for (const [first, { last, text }] of [...batches].sort((a, b) => a[0] - b[0])) {
    if (next && first !== next) console.log(`${band}: records ${next} to ${first - 1} are missing`);
    if (starts(text)) {
      await save();
      [name, parts] = [String(first).padStart(20, "0"), []];
    }
    parts.push(text);
    next = last + 1;
  }
  await save();
  console.log(`${band}: ${batches.size} batches, up to record ${next - 1}`);
}
await connection.close();

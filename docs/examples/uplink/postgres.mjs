// node postgres.mjs nats://HOST:4222 STREAM: each message of the stream into PostgreSQL, by psql, which finds it by PGHOST,
// PGDATABASE and the like. The tables are those of postgres.sql. A message is acknowledged once its row is committed.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { connect, AckPolicy } from "nats";

const [url, stream] = process.argv.slice(2);
const psql = spawn("psql", ["-qXAt", "-v", "ON_ERROR_STOP=1"], { stdio: ["pipe", "pipe", "inherit"] });
psql.on("close", () => process.exit(1)); // it has said why
const told = createInterface({ input: psql.stdout })[Symbol.asyncIterator]();
const run = async (sql) => {
  psql.stdin.write(`${sql}\n\\echo done\n`);
  await told.next();
};

const row = (message) => {
  const [, , site, gateway, device, kind] = message.subject.split(".");
  const id = message.headers.get("Nats-Msg-Id");
  const [first, last] = message.headers.get("Linkband-Records").split("-");
  const received = new Date(message.info.timestampNanos / 1e6).toISOString();
  const body = "\\x" + Buffer.from(message.data).toString("hex");
  const cells = [id, site, gateway, device, kind, id.split("/")[0], first, last, received, body];
  return cells.map((cell) => cell.replaceAll("\\", "\\\\")).join("\t") + "\n";
};

await run("create temp table incoming (like message) on commit delete rows;");
const connection = await connect({ servers: url });
const manager = await connection.jetstreamManager();
await manager.consumers.add(stream, { durable_name: "postgres", ack_policy: AckPolicy.Explicit });
const consumer = await connection.jetstream().consumers.get(stream, "postgres");
for (;;) {
  const messages = [];
  for await (const message of await consumer.fetch({ max_messages: 500, expires: 1000 })) messages.push(message);
  if (messages.length === 0) continue;
  const rows = messages.map(row).join("");
  await run(`begin;\ncopy incoming from stdin;\n${rows}\\.\ninsert into message select * from incoming on conflict do nothing;\ncommit;`);
  for (const message of messages) message.ack();
}

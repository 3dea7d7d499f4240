-- A message of the stream a row, as postgres.mjs writes them. PostgreSQL 14 or later.
create table message (
  id text primary key,                        -- Nats-Msg-Id: what comes twice is one row
  site text, gateway text, device text, kind text,
  spool text,                                 -- record numbers count within it
  first_record bigint, last_record bigint,    -- both included
  received timestamptz,                       -- by the stream
  body bytea                                  -- as it came: of `raw` zstd, of others text
);
create index on message (device, kind, received);

create view event as
  select site, gateway, device, spool, (line::jsonb ->> 'record')::bigint as record, line::jsonb -> 'event' as event
  from message, string_to_table(convert_from(body, 'UTF8'), E'\n') as line
  where kind = 'event' and line <> '';

/* What time does to the WebSocket peers: pings, silence, stuck queues, the end of a wait. */
#include "base/log.h"
#include "room.h"
#include "tcp.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * How long there was no sign of life: something came, of whatever kind, or of what waits for it
 * something was taken. A slow reader's pong is late by all that lies before the ping.
 */
static uint64_t silent_ms(const struct client *client, const struct tcp_look *look, uint64_t now)
{
    return least(look->quiet_ms,
                 now - (client->server->forgiven_at > client->read_at ? client->server->forgiven_at
                                                                      : client->read_at));
}

/* Whether something came. */
static bool note_traffic(struct client *client, const struct tcp_look *look, uint64_t now)
{
    const double came = (double)(look->received - client->received);

    if (look->taken > client->taken && !queue_is_empty(&client->queue))
        client->taken_at = client->read_at = now;
    client->taken = look->taken;
    client->received = look->received;
    client_charge(client, came);
    return came > 0;
}

static void ping_when_due(struct client *client, uint64_t now)
{
    if (now < client->ping_at)
        return;
    client->ping_at = now + server_ms(client->server, SERVER_PING_MS);
    client->ping_due = true;
    lws_callback_on_writable(client->wsi);
}

static void watch_client(struct client *client, const struct tcp_look *look, uint64_t now)
{
    struct server *server = client->server;
    uint64_t age = now - client->state_since;

    if (client->state == CLIENT_LEAVING) {
        if (age >= server_ms(server, FAREWELL_MS))
            client_cut(client, 0, "");
        return;
    }
    if (client->state == CLIENT_WAITING && age >= server_ms(server, SERVER_KICK_MS)) {
        server->stats.refused[REFUSED_FULL]++;
        client_leave(client, 1013, "ten clients are connected already: try again later");
        return;
    }
    if (client->held && look->ended) {
        client_cut(client, 0, "");
        return;
    }
    if (silent_ms(client, look, now) >= server_ms(server, SERVER_SILENT_MS)) {
        server->stats.clients_dropped[DROPPED_SILENT]++;
        log_info("client %llu: silent, dropped", (unsigned long long)client->id);
        client_cut(client, 1013, "nothing came for too long, not even an answer to a ping");
        return;
    }
    if (!queue_is_empty(&client->queue) &&
        now - client->taken_at >= server_ms(server, SERVER_UNREAD_MS)) {
        server->stats.clients_dropped[DROPPED_STUCK]++;
        log_info("client %llu: reads nothing, dropped", (unsigned long long)client->id);
        client_cut(client, 1013, "nothing was read for too long");
        return;
    }
    ping_when_due(client, now);
}

bool heartbeat_watch_all(struct server *server, uint64_t now)
{
    bool at_rest = true;
    struct client *next;

    for (struct client *client = server->clients; client; client = next) {
        next = client->next;
        const struct tcp_look look = tcp_look(client->fd);
        if (note_traffic(client, &look, now) || client->state != CLIENT_PLACED || client->held)
            at_rest = false;
        watch_client(client, &look, now);
    }
    return at_rest;
}

void server_forgive_silence(struct server *server)
{
    uv_update_time(server->loop);
    server->forgiven_at = uv_now(server->loop);
}

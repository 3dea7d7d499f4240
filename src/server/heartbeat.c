/* What time does to the WebSocket peers: pings, silence, stuck queues, the end of a wait. */
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/log.h"
#include "room.h"

#include <netinet/in.h>

/*
 * How long nothing came, of whatever kind, asked of the kernel: lws tells neither pings nor the
 * pieces of a message that it is still gathering.
 */
static uint64_t silent_ms(const struct client *client, uint64_t now)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);
    uint64_t forgiven = now - client->server->forgiven_at;

    if (getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return 0;
    return info.tcpi_last_data_recv < forgiven ? info.tcpi_last_data_recv : forgiven;
}

static void ping_when_due(struct client *client, uint64_t now)
{
    if (now < client->ping_at)
        return;
    client->ping_at = now + server_ms(client->server, SERVER_PING_MS);
    client->ping_due = true;
    lws_callback_on_writable(client->wsi);
}

static void watch_client(struct client *client, uint64_t now)
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
    if (silent_ms(client, now) >= server_ms(server, SERVER_SILENT_MS)) {
        server->stats.clients_dropped[DROPPED_SILENT]++;
        log_info("client %llu: silent, dropped", (unsigned long long)client->id);
        client_cut(client, 0, "");
        return;
    }
    if (!queue_is_empty(&client->queue) &&
        now - client->taken_at >= server_ms(server, SERVER_STUCK_MS)) {
        server->stats.clients_dropped[DROPPED_STUCK]++;
        log_info("client %llu: reads nothing, dropped", (unsigned long long)client->id);
        client_cut(client, 1013, "nothing was read for too long");
        return;
    }
    ping_when_due(client, now);
}

void heartbeat_watch_all(struct server *server, uint64_t now)
{
    struct client *next;

    for (struct client *client = server->clients; client; client = next) {
        next = client->next;
        watch_client(client, now);
    }
}

void server_forgive_silence(struct server *server)
{
    uv_update_time(server->loop);
    server->forgiven_at = uv_now(server->loop);
}

#include "heartbeat.h"

#include "base/log.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * How long there was no sign of life: something came, of whatever kind, or of what waits for it
 * something was taken. A slow reader's pong is late by all that lies before the ping.
 */
static uint64_t silent_ms(const struct client *client, const struct tcp_look *look, uint64_t now,
                          uint64_t forgiven_at)
{
    const uint64_t since = forgiven_at > client->read_at ? forgiven_at : client->read_at;

    return least(look->quiet_ms, now - since);
}

static void drop(struct client *client, enum dropped_for reason, const char *log,
                 const char *sentence)
{
    client->all->ground->stats.clients_dropped[reason]++;
    log_info("client %llu: %s, dropped", (unsigned long long)client->id, log);
    client_cut(client, 1013, sentence);
}

/* Who has a place, or waits for one. */
static void watch_present(struct client *client, const struct tcp_look *look, uint64_t now,
                          uint64_t forgiven_at)
{
    const struct server_ground *ground = client->all->ground;

    if (silent_ms(client, look, now, forgiven_at) >= ground_ms(ground, SERVER_SILENT_MS))
        drop(client, DROPPED_SILENT, "silent",
             "nothing came for too long, not even an answer to a ping");
    else if (!queue_is_empty(&client->queue) &&
             now - client->taken_at >= ground_ms(ground, SERVER_UNREAD_MS))
        drop(client, DROPPED_STUCK, "reads nothing", "nothing was read for too long");
    else
        client_ping_when_due(client, now);
}

static void watch_client(struct client *client, const struct tcp_look *look, uint64_t now,
                         uint64_t forgiven_at)
{
    struct server_ground *ground = client->all->ground;
    const uint64_t age = now - client->seat.since;

    if (client->seat.state == SEAT_LEAVING) {
        if (age >= ground_ms(ground, FAREWELL_MS))
            client_cut(client, 0, "");
    } else if (client->seat.state == SEAT_WAITING && age >= ground_ms(ground, SERVER_KICK_MS)) {
        ground->stats.refused[REFUSED_FULL]++;
        client_leave(client, 1013, "ten clients are connected already: try again later");
    } else if (client->held && look->ended) {
        client_cut(client, 0, "");
    } else {
        watch_present(client, look, now, forgiven_at);
    }
}

bool heartbeat_watch_all(struct clients *clients, uint64_t now, uint64_t forgiven_at)
{
    bool at_rest = true;
    struct client *next;

    for (struct client *client = clients_first(clients); client; client = next) {
        next = client_next(client);
        const struct tcp_look look = tcp_look(client->fd);
        if (client_look(client, &look, now) || !client_is_placed(client) || client->held)
            at_rest = false;
        watch_client(client, &look, now, forgiven_at);
    }
    return at_rest;
}

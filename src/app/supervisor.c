#include "app/supervisor.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/length.h"
#include "base/log.h"
#include "base/now.h"

static void free_names(char **names)
{
    for (char **name = names; name && *name; name++)
        free(*name);
    free(names);
}

bool supervisor_init(struct supervisor *supervisor, uv_loop_t *loop, struct failure *failure)
{
    char **names = NULL;

    memset(supervisor, 0, sizeof(*supervisor));
    uv_timer_init(loop, &supervisor->watchdog);
    int count = sd_listen_fds_with_names(true, &names);
    if (count < 0) { /* none would be to listen somewhere else, without a word */
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "$LISTEN_PID, $LISTEN_FDS and $LISTEN_FDNAMES make no sense (%s): unset them, "
                    "or let systemd hand down the sockets.",
                    strerror(-count));
        return false;
    }
    if (count > SUPERVISOR_SOCKETS_MAX) {
        failure_set(
            failure, ERROR_INVALID_PARAMETERS,
            "%.60s has %d addresses; linkbandd takes %d at most: remove some ListenStream=.",
            names[0], count, SUPERVISOR_SOCKETS_MAX);
        free_names(names);
        return false;
    }
    for (int i = 0; i < count; i++)
        supervisor->sockets[supervisor->socket_count++] = SD_LISTEN_FDS_START + i;
    if (count > 0)
        snprintf(supervisor->socket_unit, sizeof(supervisor->socket_unit), "%s", names[0]);
    free_names(names);
    return true;
}

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    sd_notify(false, "WATCHDOG=1");
}

void supervisor_ready(struct supervisor *supervisor)
{
    uint64_t limit_us;
    const int told = sd_notify(false, "READY=1");
    const int watched = sd_watchdog_enabled(false, &limit_us);

    if (told < 0)
        log_warning("linkbandd: the service manager can't be told ($NOTIFY_SOCKET): %s",
                    strerror(-told));
    if (watched < 0)
        log_warning(
            "linkbandd: $WATCHDOG_USEC and $WATCHDOG_PID make no sense (%s): no watchdog is fed",
            strerror(-watched));
    /* Four times within the limit: one turn of the loop that is late kills nobody. */
    if (watched > 0)
        uv_timer_start(&supervisor->watchdog, on_watchdog, 0, limit_us / 4000);
}

void supervisor_reloading(void)
{
    sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now_monotonic_us());
}

void supervisor_reloaded(void)
{
    sd_notify(false, "READY=1");
}

void supervisor_stopping(void)
{
    sd_notify(false, "STOPPING=1");
}

/* One band, and whether it streams. */
static const char *band_text(const struct manager_status *status, char *text, size_t size)
{
    static const char *const texts[] = {[LINK_IDLE] = "no band",
                                        [LINK_CONNECTING] = "connecting",
                                        [LINK_CONNECTED] = "connected to ",
                                        [LINK_DISCONNECTING] = "disconnecting",
                                        [LINK_WAITING] = "waiting for "};
    ASSERT_GOES_TO(texts, LINK_WAITING);
    const bool named = status->link == LINK_CONNECTED || status->link == LINK_WAITING;

    snprintf(text, size, "%s%s%s", texts[status->link], named ? status->device.band.name : "",
             status->stream == STREAM_STREAMING ? ", streaming" : "");
    return text;
}

static size_t put_bands(struct manager *manager, char *text, size_t size)
{
    unsigned places[MANAGER_DEVICES_MAX] = {0};
    size_t count = manager_devices(manager, places), len = 0;
    char band[80];

    if (!manager_ground(manager)->bluetooth_available)
        return (size_t)snprintf(text, size, "no Bluetooth");
    for (size_t i = 0; i == 0 || i < count; i++)
        len += (size_t)snprintf(text + len, size - len, "%s%s", i ? "; " : "",
                                band_text(manager_status(manager, places[i]), band, sizeof(band)));
    return len;
}

void supervisor_tell(struct supervisor *supervisor, struct manager *manager, size_t clients)
{
    char text[sizeof(supervisor->status)];
    const size_t len = put_bands(manager, text, sizeof(text));

    snprintf(text + len, sizeof(text) - len, "; %zu client%s", clients, clients == 1 ? "" : "s");
    /* Each line would be a message to systemd: a band's name must not be one. */
    for (char *c = text; *c; c++) {
        if (iscntrl((unsigned char)*c))
            *c = '?';
    }
    if (strcmp(text, supervisor->status) == 0)
        return;
    memcpy(supervisor->status, text, sizeof(text));
    sd_notifyf(false, "STATUS=%s", text);
}

/* Notifications over the socket that AcquireNotify gives: SOCK_SEQPACKET, one a message. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/now.h"
#include "bluez_internal.h"

/* More than BAND_PACKET_MAX, so that what is too long is seen to be so. */
#define BUFFER_SIZE (BAND_PACKET_MAX + 8)
/* A burst is read in pieces, for others to have their turn on the loop. */
#define MESSAGES_A_TURN 64

struct acquired {
    uv_poll_t poll;
    struct bluez *bluez;
    enum sensor sensor;
    int fd;
    bool brought; /* a packet came over it */
};

static void on_closed(uv_handle_t *handle)
{
    struct acquired *acquired = handle->data;
    struct bluez *bluez = acquired->bluez;

    close(acquired->fd);
    free(acquired);
    bluez_closed(bluez);
}

void acquire_drop(struct subscription *subscription)
{
    struct acquired *acquired = subscription->acquired;

    subscription->acquired = NULL;
    if (!acquired)
        return;
    shutdown(acquired->fd,
             SHUT_RDWR); /* bluetoothd's lock ends now, not in the loop's next round */
    uv_close((uv_handle_t *)&acquired->poll, on_closed);
}

/* Also where the other end only won't write any more: that is as much the end as a close is. */
static bool is_hung_up(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLRDHUP};

    return poll(&pollfd, 1, 0) > 0 && (pollfd.revents & (POLLHUP | POLLRDHUP | POLLERR));
}

/* An empty notification reads as 0 bytes, as the end does; only then there is a hang-up too. */
static bool is_end(const struct acquired *acquired, ssize_t n)
{
    if (n > 0)
        return false;
    if (n < 0)
        return errno != EAGAIN && errno != EINTR;
    return is_hung_up(acquired->fd);
}

static struct subscription *subscription_of(const struct acquired *acquired)
{
    return &acquired->bluez->link.sensors[acquired->sensor];
}

/* HUP comes just before Connected=false; if that doesn't follow, the band is still there. */
static void hang_up(const struct acquired *acquired)
{
    struct subscription *subscription = subscription_of(acquired);
    const bool brought = acquired->brought;

    log_info("%s: the socket of %s notifications was closed", acquired->bluez->link.band.name,
             sensor_name(acquired->sensor));
    acquire_drop(subscription);
    subscription_resume(subscription, brought);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct acquired *acquired = poll->data;
    const int64_t arrival_us = now_boot_us();
    uint8_t buffer[BUFFER_SIZE];

    (void)status; /* an error shows in recv() */
    (void)events;
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        const ssize_t n = recv(acquired->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

        if (is_end(acquired, n)) {
            hang_up(acquired);
            return;
        }
        if (n < 0)
            return;
        acquired->brought = true;
        link_packet(acquired->bluez, acquired->sensor, buffer, (size_t)n, arrival_us);
        /* The listener may have ended the subscription: then this one is only waiting to close. */
        if (uv_is_closing((const uv_handle_t *)&acquired->poll))
            return;
    }
}

DBusMessage *acquire_method(const char *path)
{
    DBusMessage *message = bluez_method(path, BLUEZ_CHARACTERISTIC, "AcquireNotify");

    append_no_options(message);
    return message;
}

static bool is_seqpacket(int fd)
{
    int type = 0;
    socklen_t len = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static struct acquired *open_poll(struct bluez *bluez, int fd)
{
    struct acquired *acquired = calloc(1, sizeof(*acquired));

    if (!acquired)
        return NULL;
    if (uv_poll_init(bluez->loop, &acquired->poll, fd) != 0) {
        free(acquired);
        return NULL;
    }
    bluez->open++;
    acquired->poll.data = acquired;
    acquired->bluez = bluez;
    acquired->fd = fd;
    return acquired;
}

bool acquire_take(struct bluez *bluez, enum sensor sensor, DBusMessage *reply)
{
    struct subscription *subscription = &bluez->link.sensors[sensor];
    dbus_uint16_t mtu;
    int fd;

    if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_UINT16, &mtu,
                               DBUS_TYPE_INVALID))
        return false;
    acquire_drop(subscription);
    subscription->acquired = is_seqpacket(fd) ? open_poll(bluez, fd) : NULL;
    if (!subscription->acquired) {
        close(fd);
        return false;
    }
    subscription->acquired->sensor = sensor;
    uv_poll_start(&subscription->acquired->poll, UV_READABLE | UV_DISCONNECT, on_readable);
    return true;
}

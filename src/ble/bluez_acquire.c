#include "bluez_acquire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "band/packet.h"
#include "base/now.h"
#include "bluez_method.h"
#include "bluez_objects.h"

/* More than BAND_PACKET_MAX, so that what is too long is seen to be so. */
#define BUFFER_SIZE (BAND_PACKET_MAX + 8)
/* A burst is read in pieces, for others to have their turn on the loop. */
#define MESSAGES_A_TURN 64

struct acquired {
    uv_poll_t poll;
    struct handles *handles;
    struct acquire_listener listener;
    int fd;
    bool brought; /* a packet came over it */
};

static void on_socket_closed(uv_handle_t *handle)
{
    struct acquired *acquired = handle->data;
    struct handles *handles = acquired->handles;

    close(acquired->fd);
    free(acquired);
    handles_close_one(handles);
}

bool acquire_has_brought(const struct acquired *acquired)
{
    return acquired->brought;
}

void acquire_drop(struct acquired *acquired)
{
    if (!acquired)
        return;
    /* bluetoothd's lock ends now, not in the loop's next round. */
    shutdown(acquired->fd, SHUT_RDWR);
    uv_close((uv_handle_t *)&acquired->poll, on_socket_closed);
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
            acquired->listener.hung_up(acquired->listener.user);
            return;
        }
        if (n < 0)
            return;
        acquired->brought = true;
        acquired->listener.message(acquired->listener.user, buffer, (size_t)n, arrival_us);
        /* The listener may have ended the subscription: then this one is only waiting to close. */
        if (uv_is_closing((const uv_handle_t *)&acquired->poll))
            return;
    }
}

DBusMessage *acquire_method(const char *path)
{
    return method_options(bluez_method(path, BLUEZ_CHARACTERISTIC, "AcquireNotify"), NULL, 0);
}

static bool is_seqpacket(int fd)
{
    int type = 0;
    socklen_t len = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static struct acquired *open_poll(struct handles *handles, int fd)
{
    struct acquired *acquired = calloc(1, sizeof(*acquired));

    if (!acquired)
        return NULL;
    if (uv_poll_init(handles->loop, &acquired->poll, fd) != 0) {
        free(acquired);
        return NULL;
    }
    handles->open++;
    acquired->poll.data = acquired;
    acquired->handles = handles;
    acquired->fd = fd;
    return acquired;
}

struct acquired *acquire_take(struct handles *handles, DBusMessage *reply,
                              const struct acquire_listener *listener)
{
    struct acquired *acquired;
    dbus_uint16_t mtu;
    int fd;

    if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_UINT16, &mtu,
                               DBUS_TYPE_INVALID))
        return NULL;
    acquired = is_seqpacket(fd) ? open_poll(handles, fd) : NULL;
    if (!acquired) {
        close(fd);
        return NULL;
    }
    acquired->listener = *listener;
    uv_poll_start(&acquired->poll, UV_READABLE | UV_DISCONNECT, on_readable);
    return acquired;
}

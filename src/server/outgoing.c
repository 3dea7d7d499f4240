#include "outgoing.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/now.h"

/* Of one call; the last frame may end beyond the bytes. */
#define FRAMES_AT_ONCE 8
#define BYTES_AT_ONCE  8192

void outgoing_count(struct server_stats *stats, const struct frame *frame)
{
    if (frame->arrival_us)
        latency_observe(&stats->latency, (double)(now_boot_us() - frame->arrival_us) / 1e6);
    stats->frames++;
    stats->bytes += frame->len;
}

/* Between two writes of lws the stream is at the border of a frame, unless lws holds a part of one.
 * LWS_WRITE_HTTP: as it is, for there is a header before each text already. */
static bool send_parts(struct lws *wsi, struct iovec *parts, size_t count)
{
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t gone = sendmsg(lws_get_socket_fd(wsi), &message, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (gone < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    size_t left = gone < 0 ? 0 : (size_t)gone;
    for (size_t i = 0; i < count; i++) {
        const size_t taken = left < parts[i].iov_len ? left : parts[i].iov_len;
        left -= taken;
        if (taken < parts[i].iov_len && lws_write(wsi, (unsigned char *)parts[i].iov_base + taken,
                                                  parts[i].iov_len - taken, LWS_WRITE_HTTP) < 0)
            return false;
    }
    return true;
}

bool outgoing_data(struct lws *wsi, struct queue *queue, struct server_stats *stats)
{
    struct frame *frames[FRAMES_AT_ONCE];
    struct iovec parts[FRAMES_AT_ONCE];
    size_t count = 0, bytes = 0;

    while (count < FRAMES_AT_ONCE && bytes < BYTES_AT_ONCE && !queue_is_empty(queue)) {
        struct frame *frame = queue_pop(queue);
        outgoing_count(stats, frame);
        parts[count] = (struct iovec){frame->text - frame->head, frame->head + frame->len};
        bytes += parts[count].iov_len;
        frames[count++] = frame;
    }
    const bool sent = send_parts(wsi, parts, count);
    while (count > 0)
        frame_unref(frames[--count]);
    return sent;
}

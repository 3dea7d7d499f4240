/*
 * WebSocket clients that do nothing but note when a frame came: so cheap that what is measured is
 * the relay.
 *
 * bench_listener PORT COUNT FILE   says `open` once all have been let in; at SIGTERM it writes a
 * line a frame: ns of CLOCK_MONOTONIC, client, payload bytes, and the frame's first 96.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define BUFFER_SIZE (1 << 17)
#define FRAMES_MAX  (1 << 20)
#define HEAD_BYTES  96
#define PING        0x9

struct client {
    int fd;
    size_t len;
    unsigned char bytes[BUFFER_SIZE];
};

struct note {
    int64_t ns;
    uint32_t client, bytes;
    char head[HEAD_BYTES + 1];
};

static struct client clients[CLIENTS_MAX];
static struct note *notes;
static size_t noted;
static volatile sig_atomic_t over;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void end(int number)
{
    (void)number;
    over = 1;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Reads up to the end of the answer's head, a byte a time: what follows are frames. */
static void read_head(int fd)
{
    char last[4] = {0};
    while (memcmp(last, "\r\n\r\n", 4) != 0) {
        memmove(last, last + 1, 3);
        if (read(fd, last + 3, 1) != 1)
            fail("handshake");
    }
}

static void open_client(struct client *client, uint16_t port)
{
    char request[256];
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int len = snprintf(request, sizeof(request),
                             "GET /ws HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                             port);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        write(client->fd, request, (size_t)len) != len)
        fail("connect");
    read_head(client->fd);
}

static void take_note(size_t number, int64_t ns, const unsigned char *payload, size_t bytes)
{
    if (noted == FRAMES_MAX)
        return;
    struct note *note = &notes[noted++];
    *note = (struct note){.ns = ns, .client = (uint32_t)number, .bytes = (uint32_t)bytes};
    memcpy(note->head, payload, bytes < HEAD_BYTES ? bytes : HEAD_BYTES);
}

/* Masked by zeros. */
static void answer_ping(int fd, const unsigned char *payload, size_t bytes)
{
    unsigned char pong[6 + 125] = {0x8a, (unsigned char)(0x80 | bytes)};
    memcpy(pong + 6, payload, bytes);
    if (write(fd, pong, 6 + bytes) < 0)
        fail("pong");
}

/* Bytes of the first frame, 0 where not all of it is there. */
static size_t take_frame(size_t number, int64_t ns, const unsigned char *bytes, size_t len)
{
    size_t header = 2, payload = len > 1 ? bytes[1] & 0x7f : 0;
    if (len < 2 || (payload == 126 && len < 4) || (payload == 127 && len < 10))
        return 0;
    if (payload >= 126) {
        const size_t width = payload == 126 ? 2 : 8;
        header += width;
        payload = 0;
        for (size_t i = 0; i < width; i++)
            payload = payload << 8 | bytes[2 + i];
    }
    if (len < header + payload)
        return 0;
    if ((bytes[0] & 0xf) == PING)
        answer_ping(clients[number].fd, bytes + header, payload);
    else
        take_note(number, ns, bytes + header, payload);
    return header + payload;
}

static void read_client(size_t number)
{
    struct client *client = &clients[number];
    const ssize_t n = read(client->fd, client->bytes + client->len, BUFFER_SIZE - client->len);
    const int64_t ns = now_ns();
    size_t at = 0, taken = 0;
    if (n <= 0)
        fail("a client was let go");
    client->len += (size_t)n;
    while ((taken = take_frame(number, ns, client->bytes + at, client->len - at)) > 0)
        at += taken;
    client->len -= at;
    memmove(client->bytes, client->bytes + at, client->len);
}

static void write_notes(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        fail(path);
    for (size_t i = 0; i < noted; i++)
        fprintf(file, "%lld %u %u %s\n", (long long)notes[i].ns, notes[i].client, notes[i].bytes,
                notes[i].head);
    if (fclose(file) != 0)
        fail(path);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const size_t count = strtoul(argv[2], NULL, 10);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    signal(SIGTERM, end);
    notes = calloc(FRAMES_MAX, sizeof(*notes));
    if (!notes || count > CLIENTS_MAX)
        fail("clients");
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
        open_client(&clients[i], (uint16_t)strtoul(argv[1], NULL, 10));
        epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].fd, &event);
    }
    puts("open");
    fflush(stdout);
    while (!over) {
        struct epoll_event events[CLIENTS_MAX];
        const int ready = epoll_wait(epoll, events, CLIENTS_MAX, 100);
        for (int i = 0; i < ready; i++)
            read_client(events[i].data.u64);
    }
    write_notes(argv[3]);
    return 0;
}

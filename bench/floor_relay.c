/*
 * The floor: what a relay of a band's notifications costs that does nothing else. Of each value
 * that comes it sends one frame, made beforehand, to every client, over libdbus and epoll alone.
 *
 * floor_relay BUS start|acquire FRAME_BYTES PATH…   prints the port it listens on, then `ready`
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <dbus/dbus.h>

#define CLIENTS_MAX  64
#define FRAME_MAX    16384
#define FRAME_HEADER 4 /* of a text frame of 126 to 65535 bytes: RFC 6455, 5.2 */
#define VALUE_MAX    520
#define TEXT         "{\"type\":\"raw_data\",\"sensor_type\":\"any\",\"pad\":\""

static DBusConnection *bus;
static int epoll, listener, clients[CLIENTS_MAX], count;
static unsigned char frame[FRAME_MAX];
static size_t frame_bytes;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void make_frame(size_t bytes)
{
    const size_t len = bytes - FRAME_HEADER;
    if (bytes < FRAME_HEADER + sizeof(TEXT) + 126 || bytes > FRAME_MAX)
        fail("frame's length");
    frame[0] = 0x81;
    frame[1] = 126;
    frame[2] = (unsigned char)(len >> 8);
    frame[3] = (unsigned char)len;
    memset(frame + FRAME_HEADER, '.', len);
    memcpy(frame + FRAME_HEADER, TEXT, sizeof(TEXT) - 1);
    memcpy(frame + bytes - 2, "\"}", 2);
    frame_bytes = bytes;
}

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll_ctl");
}

/* Not inlined: its calls are how bench/callgrind.py counts packets. */
__attribute__((noinline)) static void send_to_all(void)
{
    for (int i = 0; i < count; i++)
        (void)!send(clients[i], frame, frame_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- clients */

static void listen_on_any_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, len) != 0 ||
        listen(listener, CLIENTS_MAX) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &len) != 0)
        fail("listen");
    printf("%d\n", ntohs(at.sin_port));
    watch(listener);
}

/* The request is read and any key agreed to: the listener of the bench asks for no more. */
static void welcome(void)
{
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n\r\n";
    char request[4096];
    const int one = 1, fd = accept(listener, NULL, NULL);
    if (fd < 0 || count == CLIENTS_MAX || read(fd, request, sizeof(request)) <= 0 ||
        write(fd, answer, sizeof(answer) - 1) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
        fail("client");
    clients[count++] = fd;
}

/* ---- the band */

static DBusMessage *call(const char *path, const char *method)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusMessageIter args, options;
    DBusMessage *message =
        dbus_message_new_method_call("org.bluez", path, "org.bluez.GattCharacteristic1", method);
    if (strcmp(method, "AcquireNotify") == 0) {
        dbus_message_iter_init_append(message, &args);
        dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &options);
        dbus_message_iter_close_container(&args, &options);
    }
    DBusMessage *reply = dbus_connection_send_with_reply_and_block(bus, message, 5000, &error);
    dbus_message_unref(message);
    if (!reply) {
        fprintf(stderr, "%s of %s: %s\n", method, path, error.message);
        exit(1);
    }
    return reply;
}

static void subscribe(const char *path, bool acquire)
{
    char rule[512];
    snprintf(rule, sizeof(rule),
             "type='signal',interface='org.freedesktop.DBus.Properties',path='%s'", path);
    if (acquire) {
        int fd = -1;
        DBusMessage *reply = call(path, "AcquireNotify");
        dbus_message_get_args(reply, NULL, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_INVALID);
        dbus_message_unref(reply);
        watch(fd);
    } else {
        dbus_bus_add_match(bus, rule, NULL);
        dbus_message_unref(call(path, "StartNotify"));
    }
}

static void open_bus(const char *address)
{
    int fd = -1;
    bus = dbus_connection_open_private(address, NULL);
    if (!bus || !dbus_bus_register(bus, NULL) || !dbus_connection_get_unix_fd(bus, &fd))
        fail(address);
    watch(fd);
}

static void read_bus(void)
{
    DBusMessage *message = NULL;
    dbus_connection_read_write(bus, 0);
    while ((message = dbus_connection_pop_message(bus))) {
        if (dbus_message_is_signal(message, DBUS_INTERFACE_PROPERTIES, "PropertiesChanged"))
            send_to_all();
        dbus_message_unref(message);
    }
}

static void read_value(int fd)
{
    char value[VALUE_MAX];
    if (read(fd, value, sizeof(value)) <= 0)
        exit(0);
    send_to_all();
}

int main(int argc, char **argv)
{
    int bus_fd = -1;
    if (argc < 5)
        return 2;
    const bool acquire = strcmp(argv[2], "acquire") == 0;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    make_frame(strtoul(argv[3], NULL, 10));
    open_bus(argv[1]);
    dbus_connection_get_unix_fd(bus, &bus_fd);
    listen_on_any_port();
    for (int i = 4; i < argc; i++)
        subscribe(argv[i], acquire);
    read_bus();
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) < 1)
            continue;
        if (event.data.fd == bus_fd)
            read_bus();
        else if (event.data.fd == listener)
            welcome();
        else
            read_value(event.data.fd);
    }
}

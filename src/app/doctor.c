#include "app/doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>

#include "app/directory.h"
#include "app/token_file.h"
#include "doctor_private.h"

#define SERVICE_STATE "/var/lib/linkbandd"
/* A day of all sensors, raw and exported. */
#define DISK_LEAST (UINT64_C(2) << 30)
#define PORT       8121

static int faults;

__attribute__((format(printf, 3, 0))) static void print(const char *mark, const char *what,
                                                        const char *format, va_list args)
{
    printf("%-6s %-11s ", mark, what);
    vprintf(format, args);
    putchar('\n');
}

void doctor_ok(const char *what, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print("ok", what, format, args);
    va_end(args);
}

void doctor_wrong(const char *what, const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print("WRONG", what, format, args);
    va_end(args);
    printf("       %-11s → %s\n", "", command);
    faults++;
}

/* Who holds the port answers /health as linkbandd does: any status, but its own kind of JSON. */
static bool is_linkbandd(int fd, const struct sockaddr_in *address)
{
    static const char question[] =
        "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const struct timeval limit = {.tv_sec = 3};
    char answer[2048];
    size_t len = 0;
    ssize_t n;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
        send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) < 0)
        return false;
    while (len < sizeof(answer) - 1 &&
           (n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0)) > 0)
        len += (size_t)n;
    answer[len] = '\0';
    return strstr(answer, "clients_connected") || strstr(answer, "token");
}

/* The default port only: of other addresses the daemon itself says at its start what is wrong. */
static void look_at_port(const struct options *options)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    if (options->listen.count > 0 || fd < 0) {
        doctor_ok("port", "the options name another than %d", PORT);
        close(fd);
        return;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        doctor_ok("port", "%d is free", PORT);
        close(fd);
        return;
    }
    close(fd);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (is_linkbandd(fd, &address))
        doctor_ok("port", "linkbandd is at %d", PORT);
    else
        doctor_wrong("port",
                     "sudo ss -ltnp 'sport = :8121'    # who it is; end it, or move linkbandd",
                     "%d is held by something that is not linkbandd", PORT);
    close(fd);
}

static void look_at_disk(const char *path)
{
    struct statvfs disk;

    if (statvfs(path, &disk) != 0) {
        doctor_wrong("disk", "df -h", "%s: %s", path, strerror(errno));
        return;
    }
    uint64_t available = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (available < DISK_LEAST)
        doctor_wrong("disk", "df -h    # then make room, or name another place with data-dir",
                     "only %.1f GB are free at %s", (double)available / 1e9, path);
    else
        doctor_ok("disk", "%.1f GB are free at %s", (double)available / 1e9, path);
}

/* The service's recordings are read through its group; others write to their own. */
static void look_at_recordings(const struct options *options)
{
    char path[DIRECTORY_PATH_MAX];
    struct failure failure;
    const bool service = !options->data_dir && access(SERVICE_STATE, F_OK) == 0;

    if (service)
        snprintf(path, sizeof(path), "%s", SERVICE_STATE);
    else if (!directory_for_data(options->data_dir, false, path, &failure)) {
        doctor_wrong("recordings", "mkdir -p DIRECTORY    # and name it with data-dir", "%s",
                     failure.message);
        return;
    }
    if (service && access(path, R_OK | X_OK) != 0)
        doctor_wrong("recordings", "sudo usermod -aG linkbandd $USER    # then log in anew",
                     "this user can't read those of the service in %s", path);
    else if (!service && access(path, W_OK | X_OK) != 0)
        doctor_wrong("recordings", "sudo chown $USER DIRECTORY    # or name another with data-dir",
                     "this user can't write to %s", path);
    else
        doctor_ok("recordings", "they are in %s", path);
    look_at_disk(path);
}

static void look_at_token(const struct options *options)
{
    char token[SERVER_TOKEN_MAX + 1];
    struct failure failure;

    if (!options->token_file)
        doctor_ok("token", "none is set: only this machine is let in");
    else if (access(options->token_file, R_OK) != 0 && errno == EACCES)
        doctor_ok("token", "%s is not this user's to read; ask again with sudo",
                  options->token_file);
    else if (token_file_read(options->token_file, token, &failure))
        doctor_ok("token", "the one in %s is wanted of every client", options->token_file);
    else
        doctor_wrong("token",
                     access(options->token_file, F_OK) == 0
                         ? "put that right in the file that is there"
                         : "(umask 077; openssl rand -hex 32 | sudo tee FILE >/dev/null)",
                     "%s", failure.message);
}

int doctor_run(const struct options *options)
{
    doctor_ok("options", "nothing wrong in %s",
              options->config ? options->config : "the command line");
    if (!options->backend || strcmp(options->backend, "bluez") == 0)
        doctor_look_at_bluetooth(options);
    else
        doctor_ok("Bluetooth", "the options want the backend %s, which needs none",
                  options->backend);
    look_at_port(options);
    look_at_recordings(options);
    look_at_token(options);
    return faults ? EXIT_FAILURE : EXIT_SUCCESS;
}

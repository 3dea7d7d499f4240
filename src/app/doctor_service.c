#include "doctor_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define MANAGER   "org.freedesktop.systemd1"
#define SOCKET    "/org/freedesktop/systemd1/unit/linkbandd_2esocket"
#define SERVICE   "/org/freedesktop/systemd1/unit/linkbandd_2eservice"
#define UNIT_IS   MANAGER ".Unit"
#define ANSWER_US (3 * 1000 * 1000)

bool service_is_meant(const struct options *options)
{
    return options->config && strcmp(options->config, OPTIONS_SERVICE_CONFIG) == 0;
}

static void read_text(sd_bus *bus, const char *unit, const char *interface, const char *name,
                      char *text, size_t size)
{
    char *value = NULL;

    if (sd_bus_get_property_string(bus, MANAGER, unit, interface, name, NULL, &value) >= 0)
        snprintf(text, size, "%s", value);
    free(value);
}

static void add(char *text, size_t size, const char *item, const char *behind)
{
    const size_t used = strlen(text);

    snprintf(text + used, size - used, "%s%s", item, behind);
}

/* Of "a(ss)": kind and address. */
static void read_listens(sd_bus *bus, struct service *service)
{
    sd_bus_message *reply = NULL;
    const char *kind, *address;

    if (sd_bus_get_property(bus, MANAGER, SOCKET, MANAGER ".Socket", "Listen", NULL, &reply,
                            "a(ss)") >= 0 &&
        sd_bus_message_enter_container(reply, 'a', "(ss)") >= 0) {
        while (sd_bus_message_read(reply, "(ss)", &kind, &address) > 0)
            add(service->listens, sizeof(service->listens), address, " ");
    }
    sd_bus_message_unref(reply);
    const size_t len = strlen(service->listens);
    if (len)
        service->listens[len - 1] = '\0';
}

/* They may begin with - and +. */
static void read_writable(sd_bus *bus, struct service *service)
{
    char **paths = NULL;

    if (sd_bus_get_property_strv(bus, MANAGER, SERVICE, MANAGER ".Service", "ReadWritePaths", NULL,
                                 &paths) < 0)
        return;
    for (char **path = paths; path && *path; path++) {
        add(service->writable, sizeof(service->writable), *path + strspn(*path, "+-"), "\n");
        free(*path);
    }
    free(paths);
}

/* Of "a(ssbt)": from, to, whether it may be missing, flags. */
static void read_binds(sd_bus *bus, struct service *service)
{
    sd_bus_message *reply = NULL;
    const char *from, *to;
    uint64_t flags;
    int may_miss;

    if (sd_bus_get_property(bus, MANAGER, SERVICE, MANAGER ".Service", "BindPaths", NULL, &reply,
                            "a(ssbt)") >= 0 &&
        sd_bus_message_enter_container(reply, 'a', "(ssbt)") >= 0) {
        while (sd_bus_message_read(reply, "(ssbt)", &from, &to, &may_miss, &flags) > 0)
            add(service->writable, sizeof(service->writable), to, "\n");
    }
    sd_bus_message_unref(reply);
}

void service_ask(struct service *service)
{
    char loaded[24] = "";
    sd_bus *bus = NULL;

    memset(service, 0, sizeof(*service));
    if (sd_bus_open_system(&bus) < 0)
        return;
    sd_bus_set_method_call_timeout(bus, ANSWER_US);
    read_text(bus, SOCKET, UNIT_IS, "LoadState", loaded, sizeof(loaded));
    service->known = strcmp(loaded, "loaded") == 0;
    if (service->known) {
        read_text(bus, SOCKET, UNIT_IS, "ActiveState", service->socket, sizeof(service->socket));
        read_text(bus, SERVICE, UNIT_IS, "ActiveState", service->daemon, sizeof(service->daemon));
        read_text(bus, SERVICE, MANAGER ".Service", "ProtectHome", service->protect_home,
                  sizeof(service->protect_home));
        read_listens(bus, service);
        read_writable(bus, service);
        read_binds(bus, service);
    }
    sd_bus_flush_close_unref(bus);
}

static bool is_below(const char *path, const char *place, size_t len)
{
    return strncmp(path, place, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool service_may_write(const struct service *service, const char *path)
{
    const char *line = service->writable;

    if (is_below(path, "/var/lib/linkbandd", strlen("/var/lib/linkbandd")))
        return true;
    while (*line) {
        const size_t len = strcspn(line, "\n");
        if (is_below(path, line, len))
            return true;
        line += len + (line[len] == '\n');
    }
    return false;
}

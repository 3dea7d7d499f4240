#include "doctor_bluetooth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "doctor_report.h"

#define ANSWER_US (5 * 1000 * 1000)

struct adapters {
    const char *wanted; /* its address or hciN, NULL: any */
    int count, powered; /* of those that would do */
    char name[32];      /* the last of them */
};

static void say_why_it_is_silent(const sd_bus_error *error)
{
    if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
        report_wrong("rights", "sudo usermod -aG bluetooth $USER    # then log in anew",
                     "the bus's policy doesn't let this user call bluetoothd");
    else if (access("/usr/libexec/bluetooth/bluetoothd", F_OK) != 0 &&
             access("/usr/lib/bluetooth/bluetoothd", F_OK) != 0)
        report_wrong("bluetoothd", "sudo apt install bluez", "it is not installed");
    else
        report_wrong("bluetoothd", "sudo systemctl enable --now bluetooth", "it doesn't answer: %s",
                     error->message ? error->message : "no reason given");
}

static bool is_adapter_wanted(const struct adapters *adapters, const char *name,
                              const char *address)
{
    return !adapters->wanted || strcmp(adapters->wanted, name) == 0 ||
           strcasecmp(adapters->wanted, address) == 0;
}

/* One property of an adapter, a variant, is read or passed over. */
static int read_property(sd_bus_message *message, const char *name, const char **address,
                         int *powered)
{
    if (strcmp(name, "Address") == 0)
        return sd_bus_message_read(message, "v", "s", address);
    if (strcmp(name, "Powered") == 0)
        return sd_bus_message_read(message, "v", "b", powered);
    return sd_bus_message_skip(message, "v");
}

static int read_adapter(sd_bus_message *message, struct adapters *adapters, const char *path)
{
    const char *name, *address = "", *end = strrchr(path, '/');
    int powered = 0, result = sd_bus_message_enter_container(message, 'a', "{sv}");

    while (result >= 0 && (result = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        result = sd_bus_message_read(message, "s", &name);
        if (result >= 0)
            result = read_property(message, name, &address, &powered);
        if (result >= 0)
            result = sd_bus_message_exit_container(message);
    }
    if (result < 0)
        return result;
    if (is_adapter_wanted(adapters, end ? end + 1 : path, address)) {
        adapters->count++;
        adapters->powered += powered;
        snprintf(adapters->name, sizeof(adapters->name), "%s", end ? end + 1 : path);
    }
    return sd_bus_message_exit_container(message);
}

static int read_interfaces(sd_bus_message *message, struct adapters *adapters, const char *path)
{
    const char *interface;
    int result = sd_bus_message_enter_container(message, 'a', "{sa{sv}}");

    while (result >= 0 && (result = sd_bus_message_enter_container(message, 'e', "sa{sv}")) > 0) {
        result = sd_bus_message_read(message, "s", &interface);
        if (result >= 0)
            result = strcmp(interface, "org.bluez.Adapter1") == 0
                         ? read_adapter(message, adapters, path)
                         : sd_bus_message_skip(message, "a{sv}");
        if (result >= 0)
            result = sd_bus_message_exit_container(message);
    }
    return result < 0 ? result : sd_bus_message_exit_container(message);
}

static int read_objects(sd_bus_message *message, struct adapters *adapters)
{
    const char *path;
    int result = sd_bus_message_enter_container(message, 'a', "{oa{sa{sv}}}");

    while (result >= 0 &&
           (result = sd_bus_message_enter_container(message, 'e', "oa{sa{sv}}")) > 0) {
        result = sd_bus_message_read(message, "o", &path);
        if (result >= 0)
            result = read_interfaces(message, adapters, path);
        if (result >= 0)
            result = sd_bus_message_exit_container(message);
    }
    return result;
}

static void judge(const struct adapters *adapters)
{
    if (adapters->count == 0 && adapters->wanted)
        report_wrong("adapter", "bluetoothctl list    # then put one of them into `adapter`",
                     "%s, which the options name, is not there", adapters->wanted);
    else if (adapters->count == 0)
        report_wrong("adapter", "sudo dmesg | grep -i bluetooth", "there is none");
    else if (adapters->powered == 0)
        report_wrong("adapter", "rfkill unblock bluetooth; bluetoothctl power on", "%s is off",
                     adapters->name);
    else
        report_ok("adapter", "%s is on", adapters->name);
}

/* False: the answer isn't understood. NULL is any adapter. */
static bool look_at_adapter(sd_bus_message *reply, const char *wanted)
{
    struct adapters adapters = {.wanted = wanted};

    if (sd_bus_message_rewind(reply, true) < 0 || read_objects(reply, &adapters) < 0) {
        report_wrong("bluetoothd", "bluetoothctl --version    # 5.50 or newer is needed",
                     "its answer is not understood");
        return false;
    }
    judge(&adapters);
    return true;
}

static void look_at_adapters(sd_bus_message *reply, const struct option_list *wanted)
{
    size_t i = 0;

    if (wanted->count == 0)
        look_at_adapter(reply, NULL);
    while (i < wanted->count && look_at_adapter(reply, wanted->items[i]))
        i++;
}

static void look_at_bluez(sd_bus *bus, const struct options *options)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;

    sd_bus_set_method_call_timeout(bus, ANSWER_US);
    if (sd_bus_call_method(bus, "org.bluez", "/", "org.freedesktop.DBus.ObjectManager",
                           "GetManagedObjects", &error, &reply, "") < 0) {
        say_why_it_is_silent(&error);
    } else {
        report_ok("bluetoothd", "it answers");
        look_at_adapters(reply, &options->adapters);
    }
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
}

void doctor_look_at_bluetooth(const struct options *options)
{
    sd_bus *bus = NULL;
    int result = sd_bus_open_system(&bus);

    if (result < 0) {
        report_wrong("bus", "sudo systemctl start dbus", "the system bus can't be reached: %s",
                     strerror(-result));
        return;
    }
    report_ok("bus", "the system bus answers");
    look_at_bluez(bus, options);
    sd_bus_unref(bus);
}

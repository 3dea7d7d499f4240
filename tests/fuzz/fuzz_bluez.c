/*
 * What a bus tells of org.bluez, through the mirror of its objects.
 *
 * The first byte chooses: a message as it is on the wire, marshalled; or a script that builds
 * messages of the right signatures from words that matter, mixed with others, for the mirror checks
 * signatures before it looks.
 */
#include "bluez_objects.h"
#include "hold.h"
#include "input.h"

#define MESSAGES_MAX 64
#define LONG_PATH                                                                                  \
    "/a/path/of/more/than/ninety/six/characters/which/no/bluetoothd/has/been/seen/to/give/to/"     \
    "anything/at/all"

static struct objects objects;

static void hold_identity(const char *name, const char *address)
{
    HOLD(strnlen(name, BAND_NAME_SIZE) < BAND_NAME_SIZE);
    HOLD(name[0] == '\0' || strncmp(name, "LXB-", 4) == 0);
    HOLD(strnlen(address, BAND_ADDRESS_SIZE) == BAND_ADDRESS_SIZE - 1);
}

static void hold_device(const struct bluez_device *device)
{
    HOLD(strnlen(device->path, OBJECT_PATH_SIZE) < OBJECT_PATH_SIZE && device->path[0] == '/');
    HOLD(strnlen(device->adapter, OBJECT_PATH_SIZE) < OBJECT_PATH_SIZE);
    HOLD(device->battery >= BATTERY_UNKNOWN && device->battery <= 100);
    HOLD(device->rssi >= INT16_MIN && device->rssi <= INT16_MAX);
    hold_identity(device->name, device->address);
    HOLD(objects_device(&objects, device->path) == device);
}

static void hold_objects(void)
{
    HOLD(objects.adapter_count <= ADAPTERS_MAX && objects.device_count <= DEVICES_MAX);
    HOLD(objects.service_count <= SERVICES_MAX);
    HOLD(objects.characteristic_count <= CHARACTERISTICS_MAX);
    for (size_t i = 0; i < objects.device_count; i++)
        hold_device(&objects.devices[i]);
    for (size_t i = 0; i < objects.service_count; i++)
        HOLD(band_has_service(objects.services[i].uuid));
    for (size_t i = 0; i < objects.characteristic_count; i++)
        HOLD(band_has_characteristic(objects.characteristics[i].uuid));
}

static void look_up(void)
{
    const struct bluez_adapter *adapter = objects_choose_adapter(&objects, NULL, "/org/bluez/hci1");
    static const struct band_identity band = {.name = "LXB-00000001"};

    HOLD((adapter != NULL) == (objects.adapter_count > 0));
    if (!adapter)
        return;
    const struct bluez_device *found = objects_band(&objects, adapter->path, &band);
    if (!found)
        return;
    HOLD(strcmp(found->name, band.name) == 0);
    const struct band_model *model = objects_model(&objects, found);
    for (size_t i = 0; i < model->source_count; i++)
        objects_characteristic(&objects, found->path, &model->sources[i].at);
}

static void tell(DBusMessage *message)
{
    const uint8_t *bytes;
    size_t len;

    objects_load(&objects, message);
    objects_added(&objects, message);
    objects_removed(&objects, message);
    objects_changed(&objects, message);
    if (objects_value(message, &bytes, &len)) {
        unsigned sum = 0;
        for (size_t i = 0; i < len; i++)
            sum += bytes[i];
        HOLD(sum <= 255 * len);
    }
    hold_objects();
}

/* ---- building */

static const char *pick_path(struct input *input)
{
    static const char *const paths[] = {
        "/org/bluez/hci0",
        "/org/bluez/hci1",
        "/org/bluez/hci0/dev_AA_BB_CC_DD_EE_01",
        "/org/bluez/hci0/dev_AA_BB_CC_DD_EE_02",
        "/org/bluez/hci0/dev_AA_BB_CC_DD_EE_01/service0010",
        "/org/bluez/hci0/dev_AA_BB_CC_DD_EE_01/service0010/char0011",
        "/",
        LONG_PATH,
    };
    static char many[40];
    uint8_t n = input_byte(input);

    if (n < 128)
        return paths[n % (sizeof(paths) / sizeof(paths[0]))];
    snprintf(many, sizeof(many), "/org/bluez/hci0/dev_%02X", n);
    return many;
}

static const char *pick_interface(struct input *input)
{
    static const char *const interfaces[] = {BLUEZ_ADAPTER,        BLUEZ_DEVICE,
                                             BLUEZ_BATTERY,        BLUEZ_SERVICE,
                                             BLUEZ_CHARACTERISTIC, "org.bluez.Other"};

    return interfaces[input_byte(input) % (sizeof(interfaces) / sizeof(interfaces[0]))];
}

static const char *pick_name(struct input *input)
{
    static const char *const names[] = {
        "Powered",   "Discovering",      "Address",    "PowerState",
        "Connected", "ServicesResolved", "Adapter",    "Name",
        "RSSI",      "ManufacturerData", "Percentage", "UUID",
        "Device",    "Service",          "Value",      "Other",
    };

    return names[input_byte(input) % (sizeof(names) / sizeof(names[0]))];
}

static const char *pick_text(struct input *input)
{
    static const char *const texts[] = {
        "LXB-00000001",
        "aa:bb:cc:dd:ee:01",
        "AA:BB:CC:DD:EE:0G",
        "LXB-a name that is longer than any field there is for a name",
        "off-blocked",
        "df7b5d95-3afe-00a1-084c-b50895ef4f95",
        "00ab4d15-66b4-0d8a-824f-8d6f8966c6e5",
        "0065cacb-9e52-21bf-a849-99a80d83830e",
        "",
        "0000180f-0000-1000-8000-00805f9b34fb",
        "00002a19-0000-1000-8000-00805f9b34fb",
    };
    static char address[BAND_ADDRESS_SIZE];
    uint8_t n = input_byte(input);

    if (n < 128)
        return texts[n % (sizeof(texts) / sizeof(texts[0]))];
    snprintf(address, sizeof(address), "AA:BB:CC:DD:EE:%02X", n);
    return address;
}

static void append_value(DBusMessageIter *entry, struct input *input)
{
    static const char *const signatures[] = {"s", "o", "b", "n", "y", "ay", "as"};
    const char *signature = signatures[input_byte(input) % 7];
    DBusMessageIter variant, array;
    const char *text = signature[0] == 'o' ? pick_path(input) : pick_text(input);
    union {
        dbus_bool_t truth;
        dbus_int16_t number;
        uint8_t byte;
    } value = {.truth = input_byte(input) & 1};

    dbus_message_iter_open_container(entry, DBUS_TYPE_VARIANT, signature, &variant);
    if (signature[0] == 'a') {
        dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, signature + 1, &array);
        for (uint8_t n = input_byte(input) & 7; n && signature[1] == 'y'; n--)
            dbus_message_iter_append_basic(&array, DBUS_TYPE_BYTE, &n);
        dbus_message_iter_close_container(&variant, &array);
    } else if (signature[0] == 's' || signature[0] == 'o') {
        dbus_message_iter_append_basic(&variant, signature[0], &text);
    } else {
        if (signature[0] != 'b')
            value.number = (dbus_int16_t)input_16(input);
        dbus_message_iter_append_basic(&variant, signature[0], &value);
    }
    dbus_message_iter_close_container(entry, &variant);
}

static void append_properties(DBusMessageIter *at, struct input *input)
{
    DBusMessageIter array, entry;

    dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "{sv}", &array);
    for (uint8_t n = input_byte(input) & 7; n; n--) {
        const char *name = pick_name(input);
        dbus_message_iter_open_container(&array, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
        dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &name);
        append_value(&entry, input);
        dbus_message_iter_close_container(&array, &entry);
    }
    dbus_message_iter_close_container(at, &array);
}

static void append_interfaces(DBusMessageIter *at, struct input *input)
{
    DBusMessageIter array, entry;

    dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "{sa{sv}}", &array);
    for (uint8_t n = input_byte(input) & 3; n; n--) {
        const char *interface = pick_interface(input);
        dbus_message_iter_open_container(&array, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
        dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &interface);
        append_properties(&entry, input);
        dbus_message_iter_close_container(&array, &entry);
    }
    dbus_message_iter_close_container(at, &array);
}

static void append_strings(DBusMessageIter *at, struct input *input)
{
    DBusMessageIter array;

    dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "s", &array);
    for (uint8_t n = input_byte(input) & 3; n; n--) {
        const char *text = n & 1 ? pick_interface(input) : pick_name(input);
        dbus_message_iter_append_basic(&array, DBUS_TYPE_STRING, &text);
    }
    dbus_message_iter_close_container(at, &array);
}

static void append_objects(DBusMessageIter *at, struct input *input)
{
    DBusMessageIter array, entry;

    dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "{oa{sa{sv}}}", &array);
    for (uint8_t n = input_byte(input) & 15; n; n--) {
        const char *path = pick_path(input);
        dbus_message_iter_open_container(&array, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
        dbus_message_iter_append_basic(&entry, DBUS_TYPE_OBJECT_PATH, &path);
        append_interfaces(&entry, input);
        dbus_message_iter_close_container(&array, &entry);
    }
    dbus_message_iter_close_container(at, &array);
}

static void build(struct input *input)
{
    const uint8_t kind = input_byte(input) & 3;
    const char *path = pick_path(input), *interface = pick_interface(input);
    DBusMessage *message = dbus_message_new_signal(path, "org.example.Any", "Signal");
    DBusMessageIter at;

    HOLD(message);
    dbus_message_iter_init_append(message, &at);
    if (kind == 0) {
        append_objects(&at, input);
    } else if (kind == 1) {
        dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &interface);
        append_properties(&at, input);
        append_strings(&at, input);
    } else {
        dbus_message_iter_append_basic(&at, DBUS_TYPE_OBJECT_PATH, &path);
        kind == 2 ? append_interfaces(&at, input) : append_strings(&at, input);
    }
    tell(message);
    dbus_message_unref(message);
}

static void demarshal(const struct input *input)
{
    DBusMessage *message =
        dbus_message_demarshal((const char *)input->at, (int)(input->end - input->at), NULL);

    if (!message)
        return;
    tell(message);
    dbus_message_unref(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};

    objects_clear(&objects);
    if (input_byte(&input) == 'w') {
        demarshal(&input);
        return 0;
    }
    for (int i = 0; i < MESSAGES_MAX && input.at < input.end; i++)
        build(&input);
    look_up();
    return 0;
}

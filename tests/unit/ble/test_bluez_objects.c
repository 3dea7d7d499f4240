/* The mirror of BlueZ's objects and the meaning of errors, against messages of every shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "band/model.h"
#include "bluez_errors.h"
#include "bluez_objects.h"

#define HCI0   "/org/bluez/hci0"
#define DEVICE HCI0 "/dev_C0_11_22_33_44_51"

static struct objects objects;

/* ---- building messages: begin(), text()/number()…, end() */

static DBusMessage *message;
static DBusMessageIter top, properties;

static void append(const char *name, int type, const char *signature, const void *value)
{
    DBusMessageIter entry;
    DBusMessageIter variant;

    dbus_message_iter_open_container(&properties, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
    dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &name);
    dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant);
    dbus_message_iter_append_basic(&variant, type, value);
    dbus_message_iter_close_container(&entry, &variant);
    dbus_message_iter_close_container(&properties, &entry);
}

static void text(const char *name, const char *value)
{
    append(name, DBUS_TYPE_STRING, "s", &value);
}

static void path(const char *name, const char *value)
{
    append(name, DBUS_TYPE_OBJECT_PATH, "o", &value);
}

static void flag(const char *name, dbus_bool_t value)
{
    append(name, DBUS_TYPE_BOOLEAN, "b", &value);
}

static void number(const char *name, dbus_int16_t value)
{
    append(name, DBUS_TYPE_INT16, "n", &value);
}

static void byte(const char *name, uint8_t value)
{
    append(name, DBUS_TYPE_BYTE, "y", &value);
}

static void begin_changed(const char *object, const char *interface)
{
    message =
        dbus_message_new_signal(object, "org.freedesktop.DBus.Properties", "PropertiesChanged");
    dbus_message_iter_init_append(message, &top);
    dbus_message_iter_append_basic(&top, DBUS_TYPE_STRING, &interface);
    dbus_message_iter_open_container(&top, DBUS_TYPE_ARRAY, "{sv}", &properties);
}

static bool end_changed_without(const char *invalidated)
{
    DBusMessageIter names;
    bool is_read;

    dbus_message_iter_close_container(&top, &properties);
    dbus_message_iter_open_container(&top, DBUS_TYPE_ARRAY, "s", &names);
    if (invalidated)
        dbus_message_iter_append_basic(&names, DBUS_TYPE_STRING, &invalidated);
    dbus_message_iter_close_container(&top, &names);
    is_read = objects_changed(&objects, message);
    dbus_message_unref(message);
    return is_read;
}

static bool end_changed(void)
{
    return end_changed_without(NULL);
}

static DBusMessageIter interfaces, interface_entry;

static void begin_added(const char *object, const char *interface)
{
    message = dbus_message_new_signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded");
    dbus_message_iter_init_append(message, &top);
    dbus_message_iter_append_basic(&top, DBUS_TYPE_OBJECT_PATH, &object);
    dbus_message_iter_open_container(&top, DBUS_TYPE_ARRAY, "{sa{sv}}", &interfaces);
    dbus_message_iter_open_container(&interfaces, DBUS_TYPE_DICT_ENTRY, NULL, &interface_entry);
    dbus_message_iter_append_basic(&interface_entry, DBUS_TYPE_STRING, &interface);
    dbus_message_iter_open_container(&interface_entry, DBUS_TYPE_ARRAY, "{sv}", &properties);
}

static bool end_added(void)
{
    bool is_read;

    dbus_message_iter_close_container(&interface_entry, &properties);
    dbus_message_iter_close_container(&interfaces, &interface_entry);
    dbus_message_iter_close_container(&top, &interfaces);
    is_read = objects_added(&objects, message);
    dbus_message_unref(message);
    return is_read;
}

static bool removed(const char *object, const char *interface)
{
    DBusMessageIter names;
    bool is_read;

    message =
        dbus_message_new_signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved");
    dbus_message_iter_init_append(message, &top);
    dbus_message_iter_append_basic(&top, DBUS_TYPE_OBJECT_PATH, &object);
    dbus_message_iter_open_container(&top, DBUS_TYPE_ARRAY, "s", &names);
    dbus_message_iter_append_basic(&names, DBUS_TYPE_STRING, &interface);
    dbus_message_iter_close_container(&top, &names);
    is_read = objects_removed(&objects, message);
    dbus_message_unref(message);
    return is_read;
}

/* ---- objects */

static void adapter(const char *object, const char *address, bool powered)
{
    begin_added(object, BLUEZ_ADAPTER);
    text("Address", address);
    flag("Powered", powered);
    assert_true(end_added());
}

static void device(const char *object, const char *address, const char *name)
{
    begin_added(object, BLUEZ_DEVICE);
    text("Address", address);
    path("Adapter", HCI0);
    if (name)
        text("Name", name);
    assert_true(end_added());
}

static int start_anew(void **state)
{
    (void)state;
    objects_clear(&objects);
    return 0;
}

static struct bluez_device *the_device(void)
{
    return objects_device(&objects, DEVICE);
}

/* ---- stories */

static void a_band_keeps_the_name_it_advertised(void **state)
{
    (void)state;
    device(DEVICE, "C0:11:22:33:44:51", "LXB-TEST0001");
    begin_changed(DEVICE, BLUEZ_DEVICE);
    flag("Connected", TRUE);
    end_changed();
    begin_changed(DEVICE, BLUEZ_DEVICE);
    text("Name", "Link Band");
    text("Alias", "Link Band");
    end_changed();
    assert_string_equal(the_device()->name, "LXB-TEST0001");
    begin_changed(DEVICE, BLUEZ_DEVICE);
    text("Name", "LXB-FROMGAP");
    end_changed();
    assert_string_equal(the_device()->name, "LXB-TEST0001");
}

static void a_name_of_two_lines_is_no_bands(void **state)
{
    (void)state;
    device(DEVICE, "C0:11:22:33:44:51", "LXB-\nWATCHDOG_USEC=1");
    assert_string_equal(the_device()->name, "");
}

static void a_connected_band_is_not_forgotten_for_others(void **state)
{
    char object[64], address[BAND_ADDRESS_SIZE], name[16];

    (void)state;
    device(DEVICE, "C0:11:22:33:44:51", "LXB-TEST0001");
    begin_changed(DEVICE, BLUEZ_DEVICE);
    flag("Connected", TRUE);
    end_changed();
    for (int i = 0; i < 2 * DEVICES_MAX; i++) {
        snprintf(object, sizeof(object), HCI0 "/dev_%d", i);
        snprintf(address, sizeof(address), "AA:BB:CC:DD:%02X:%02X", i >> 8, i & 255);
        snprintf(name, sizeof(name), "LXB-%08X", (unsigned)i);
        objects.clock++;
        device(object, address, name);
    }
    assert_non_null(the_device());
}

static void a_name_may_come_after_the_device(void **state)
{
    (void)state;
    device(DEVICE, "c0:11:22:33:44:51", NULL);
    assert_string_equal(the_device()->name, "");
    assert_string_equal(the_device()->address, "C0:11:22:33:44:51");
    begin_changed(DEVICE, BLUEZ_DEVICE);
    text("Name", "LXB-TEST0001");
    end_changed();
    assert_string_equal(the_device()->name, "LXB-TEST0001");
}

static void the_name_of_an_unknown_device_asks_for_all_objects(void **state)
{
    (void)state;
    begin_changed(DEVICE, BLUEZ_DEVICE);
    text("Name", "LXB-TEST0001");
    assert_true(end_changed());
    assert_true(objects.stale);
    assert_null(the_device());
}

static void rssi_comes_and_goes(void **state)
{
    (void)state;
    device(DEVICE, "C0:11:22:33:44:51", "LXB-TEST0001");
    assert_int_equal(the_device()->rssi, RSSI_UNKNOWN);
    the_device()->sighted = false;
    begin_changed(DEVICE, BLUEZ_DEVICE);
    number("RSSI", -61);
    end_changed();
    assert_int_equal(the_device()->rssi, -61);
    assert_true(the_device()->sighted);
    begin_changed(DEVICE, BLUEZ_DEVICE);
    end_changed_without("RSSI");
    assert_int_equal(the_device()->rssi, RSSI_UNKNOWN);
}

static void wrong_types_change_nothing(void **state)
{
    (void)state;
    device(DEVICE, "C0:11:22:33:44:51", "LXB-TEST0001");
    begin_changed(DEVICE, BLUEZ_DEVICE);
    text("Connected", "yes");
    text("RSSI", "-61");
    number("Name", 5);
    byte("ServicesResolved", 1);
    flag("Address", TRUE);
    assert_true(end_changed());
    assert_false(the_device()->connected);
    assert_false(the_device()->resolved);
    assert_int_equal(the_device()->rssi, RSSI_UNKNOWN);
    assert_string_equal(the_device()->name, "LXB-TEST0001");
}

static void a_device_without_an_address_is_none(void **state)
{
    static const char *const addresses[] = {"", "C0:11:22:33:44", "C0:11:22:33:44:5G",
                                            "C0-11-22-33-44-51", "C0:11:22:33:44:51:66"};

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        device(DEVICE, addresses[i], "LXB-TEST0001");
        assert_int_equal(objects.device_count, 0);
    }
}

static void what_is_too_long_is_not_cut_but_left_out(void **state)
{
    char long_path[200] = HCI0 "/";
    char long_name[100] = "LXB-";

    (void)state;
    memset(long_path + strlen(long_path), 'x', sizeof(long_path) - strlen(HCI0) - 2);
    memset(long_name + 4, 'x', sizeof(long_name) - 5);
    device(long_path, "C0:11:22:33:44:51", "LXB-TEST0001");
    assert_int_equal(objects.device_count, 0);
    device(DEVICE, "C0:11:22:33:44:51", long_name);
    assert_string_equal(the_device()->name, "");
}

static void a_full_table_forgets_the_stranger_that_was_quiet_longest(void **state)
{
    char object[64];
    char address[BAND_ADDRESS_SIZE];

    (void)state;
    device(DEVICE, "C0:11:22:33:44:51", "LXB-TEST0001");
    for (int i = 0; i < 300; i++) {
        snprintf(object, sizeof(object), HCI0 "/dev_%d", i);
        snprintf(address, sizeof(address), "AA:BB:CC:DD:%02X:%02X", i >> 8, i & 255);
        device(object, address, i % 2 ? "Headphones" : NULL);
    }
    assert_int_equal(objects.device_count, DEVICES_MAX);
    assert_non_null(the_device());
    assert_null(objects_device(&objects, HCI0 "/dev_0"));
    assert_non_null(objects_device(&objects, HCI0 "/dev_299"));
}

static void adapters_are_chosen_by_power_wish_and_number(void **state)
{
    const struct bluez_adapter *chosen;

    (void)state;
    adapter(HCI0 "0", "00:00:00:00:00:0a", true);
    adapter("/org/bluez/hci1", "00:00:00:00:00:01", false);
    adapter("/org/bluez/hci2", "00:00:00:00:00:02", true);
    chosen = objects_choose_adapter(&objects, NULL, "");
    assert_string_equal(chosen->path, "/org/bluez/hci2");
    chosen = objects_choose_adapter(&objects, NULL, HCI0 "0");
    assert_string_equal(chosen->path, HCI0 "0");
    chosen = objects_choose_adapter(&objects, NULL, "/org/bluez/hci1");
    assert_string_equal(chosen->path, "/org/bluez/hci2");
    chosen = objects_choose_adapter(&objects, "hci1", "");
    assert_string_equal(chosen->path, "/org/bluez/hci1");
    chosen = objects_choose_adapter(&objects, "00:00:00:00:00:0A", "");
    assert_string_equal(chosen->path, HCI0 "0");
    assert_null(objects_choose_adapter(&objects, "hci", ""));
    assert_null(objects_choose_adapter(&objects, "hci0", ""));
}

static void service(const char *object, const char *uuid)
{
    begin_added(object, BLUEZ_SERVICE);
    text("UUID", uuid);
    path("Device", DEVICE);
    assert_true(end_added());
}

static void characteristic(const char *object, const char *uuid, const char *of)
{
    begin_added(object, BLUEZ_CHARACTERISTIC);
    text("UUID", uuid);
    path("Service", of);
    assert_true(end_added());
}

static void a_characteristic_is_found_by_its_service_not_by_its_path(void **state)
{
    const struct model_characteristic *eeg = &model_default()->sources[SENSOR_EEG].at;

    (void)state;
    characteristic("/elsewhere/c", eeg->uuid, "/elsewhere/s");
    assert_null(objects_characteristic(&objects, DEVICE, eeg));
    service("/elsewhere/s", eeg->service);
    assert_string_equal(objects_characteristic(&objects, DEVICE, eeg), "/elsewhere/c");
    assert_null(objects_characteristic(&objects, HCI0, eeg));
    assert_null(objects_characteristic(&objects, DEVICE, &model_default()->control.at));
    assert_true(removed("/elsewhere/s", BLUEZ_SERVICE));
    assert_null(objects_characteristic(&objects, DEVICE, eeg));
}

static void characteristics_of_others_take_no_room(void **state)
{
    char object[32];

    (void)state;
    for (int i = 0; i < 500; i++) {
        snprintf(object, sizeof(object), "/c%d", i);
        characteristic(object, "00002a00-0000-1000-8000-00805f9b34fb", "/s");
    }
    assert_int_equal(objects.characteristic_count, 0);
    for (int i = 0; i < 500; i++) {
        snprintf(object, sizeof(object), "/c%d", i);
        characteristic(object, model_default()->control.at.uuid, "/s");
    }
    assert_int_equal(objects.characteristic_count, CHARACTERISTICS_MAX);
}

static void what_is_removed_twice_or_was_never_there_does_no_harm(void **state)
{
    (void)state;
    device(DEVICE, "C0:11:22:33:44:51", "LXB-TEST0001");
    begin_added(DEVICE, BLUEZ_BATTERY);
    byte("Percentage", 87);
    end_added();
    assert_int_equal(the_device()->battery, 87);
    assert_true(removed(DEVICE, BLUEZ_BATTERY));
    assert_int_equal(the_device()->battery, BATTERY_UNKNOWN);
    assert_true(removed(DEVICE, BLUEZ_DEVICE));
    assert_true(removed(DEVICE, BLUEZ_DEVICE));
    assert_true(removed("/never", BLUEZ_CHARACTERISTIC));
    assert_true(removed("/never", "no interface of ours"));
    assert_int_equal(objects.device_count, 0);
}

static void messages_of_another_signature_are_refused(void **state)
{
    const char *word = "x";

    (void)state;
    message = dbus_message_new_signal("/", "a.b", "C");
    dbus_message_append_args(message, DBUS_TYPE_STRING, &word, DBUS_TYPE_INVALID);
    assert_false(objects_load(&objects, message));
    assert_false(objects_added(&objects, message));
    assert_false(objects_removed(&objects, message));
    assert_false(objects_changed(&objects, message));
    assert_false(objects_value(message, NULL, NULL));
    dbus_message_unref(message);
}

static void a_value_is_bytes_and_nothing_else(void **state)
{
    const uint8_t *bytes = NULL;
    size_t len = 99;

    (void)state;
    begin_changed("/c", BLUEZ_CHARACTERISTIC);
    text("Value", "text");
    dbus_message_iter_close_container(&top, &properties);
    DBusMessageIter names;
    dbus_message_iter_open_container(&top, DBUS_TYPE_ARRAY, "s", &names);
    dbus_message_iter_close_container(&top, &names);
    assert_false(objects_value(message, &bytes, &len));
    assert_int_equal(len, 99);
    dbus_message_unref(message);
}

static void errors_say_what_to_do(void **state)
{
    static const struct {
        const char *name, *text;
        enum bluez_error error;
        enum error_code code;
        const char *advice;
    } cases[] = {
        {"org.freedesktop.DBus.Error.AccessDenied", "Rejected send message", BLUEZ_DENIED,
         ERROR_BLUETOOTH, "group bluetooth"},
        {"org.freedesktop.DBus.Error.ServiceUnknown", "", BLUEZ_ABSENT, ERROR_BLUETOOTH,
         "systemctl start bluetooth"},
        {"org.bluez.Error.NotReady", "Resource Not Ready", BLUEZ_OFF, ERROR_BLUETOOTH,
         "bluetoothctl power on"},
        {"org.bluez.Error.Blocked", "Blocked through rfkill", BLUEZ_BLOCKED, ERROR_BLUETOOTH,
         "rfkill unblock bluetooth"},
        {"org.bluez.Error.Failed", "le-connection-abort-by-local", BLUEZ_FAILED,
         ERROR_CONNECTION_FAILED, "le-connection-abort-by-local"},
        {"org.bluez.Error.NotPermitted", "Notify acquired", BLUEZ_LOCKED, ERROR_CONNECTION_FAILED,
         "another program"},
        {"org.bluez.Error.NotPermitted", "Read not permitted", BLUEZ_FAILED,
         ERROR_CONNECTION_FAILED, "Read not permitted"},
        {"org.bluez.Error.Failed", "Input/output error", BLUEZ_STUCK, ERROR_CONNECTION_FAILED,
         "bluetoothctl power off"},
        {"org.freedesktop.DBus.Error.UnknownObject", "", BLUEZ_GONE, ERROR_CONNECTION_FAILED,
         "no longer knows"},
        {"org.freedesktop.DBus.Error.NoReply", "", BLUEZ_TIMED_OUT, ERROR_CONNECTION_FAILED,
         "no answer in time"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct failure failure;

        message = dbus_message_new(DBUS_MESSAGE_TYPE_ERROR);
        dbus_message_set_error_name(message, cases[i].name);
        dbus_message_append_args(message, DBUS_TYPE_STRING, &cases[i].text, DBUS_TYPE_INVALID);
        assert_int_equal(bluez_error(message), cases[i].error);
        bluez_failure(&failure, message, ERROR_CONNECTION_FAILED, "Connecting");
        assert_int_equal(failure.code, cases[i].code);
        assert_non_null(strstr(failure.message, cases[i].advice));
        dbus_message_unref(message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_band_keeps_the_name_it_advertised, start_anew),
        cmocka_unit_test_setup(a_name_of_two_lines_is_no_bands, start_anew),
        cmocka_unit_test_setup(a_connected_band_is_not_forgotten_for_others, start_anew),
        cmocka_unit_test_setup(a_name_may_come_after_the_device, start_anew),
        cmocka_unit_test_setup(the_name_of_an_unknown_device_asks_for_all_objects, start_anew),
        cmocka_unit_test_setup(rssi_comes_and_goes, start_anew),
        cmocka_unit_test_setup(wrong_types_change_nothing, start_anew),
        cmocka_unit_test_setup(a_device_without_an_address_is_none, start_anew),
        cmocka_unit_test_setup(what_is_too_long_is_not_cut_but_left_out, start_anew),
        cmocka_unit_test_setup(a_full_table_forgets_the_stranger_that_was_quiet_longest,
                               start_anew),
        cmocka_unit_test_setup(adapters_are_chosen_by_power_wish_and_number, start_anew),
        cmocka_unit_test_setup(a_characteristic_is_found_by_its_service_not_by_its_path,
                               start_anew),
        cmocka_unit_test_setup(characteristics_of_others_take_no_room, start_anew),
        cmocka_unit_test_setup(what_is_removed_twice_or_was_never_there_does_no_harm, start_anew),
        cmocka_unit_test_setup(messages_of_another_signature_are_refused, start_anew),
        cmocka_unit_test_setup(a_value_is_bytes_and_nothing_else, start_anew),
        cmocka_unit_test_setup(errors_say_what_to_do, start_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which adapter is in use, and what is told of Bluetooth. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bluez_internal.h"
#include "bluez_properties.h"

/* The adapter that a link, an attempt or a discovery was on is off or gone. */
static void lose_adapter(struct bluez *bluez)
{
    struct failure failure;

    discovery_reset(bluez);
    if (bluez->attempt.state != ATTEMPT_NONE && bluez->attempt.state != ATTEMPT_CANCEL) {
        attempt_fail(bluez, adapter_failure(bluez, &failure));
    }
    if (bluez->link.up)
        link_end(bluez, LINK_END_BLUETOOTH);
}

void adapter_advance(struct bluez *bluez)
{
    const struct bluez_adapter *best = NULL;
    const struct bluez_adapter *current = objects_adapter(&bluez->objects, bluez->adapter);
    bool lost;

    best = objects_choose_adapter(&bluez->objects, bluez->adapter_wish, bluez->adapter);
    lost = bluez->usable && (!current || !current->powered);
    if (best && strcmp(best->path, bluez->adapter) != 0)
        log_info("using the Bluetooth adapter %s (%s)", adapter_name(best->path), best->address);
    copy_whole(bluez->adapter, sizeof(bluez->adapter), best ? best->path : "");
    bluez->usable = best && best->powered;
    adapter_tell(bluez);
    if (lost)
        lose_adapter(bluez);
}

const char *adapter_trouble(struct bluez *bluez)
{
    const struct bluez_adapter *adapter = objects_adapter(&bluez->objects, bluez->adapter);

    if (!bluez->bus_up)
        return bluez->bus_trouble[0] ? bluez->bus_trouble : "Connecting to the message bus.";
    if (!bluez->owner[0])
        return BLUEZ_ADVICE_ABSENT;
    if (bluez->load_trouble[0])
        return bluez->load_trouble;
    if (!adapter)
        return bluez->adapter_wish ? "The Bluetooth adapter asked for isn't there. Plug it in, or "
                                     "choose another with --adapter."
                                   : "There is no Bluetooth adapter. Plug one in.";
    if (adapter->powered)
        return NULL;
    return adapter->blocked ? BLUEZ_ADVICE_BLOCKED : BLUEZ_ADVICE_OFF;
}

struct failure *adapter_failure(struct bluez *bluez, struct failure *failure)
{
    const char *trouble = adapter_trouble(bluez);

    return failure_set(failure, ERROR_BLUETOOTH, "%s",
                       trouble ? trouble
                               : "The Bluetooth adapter in use was switched off or unplugged. "
                                 "Another takes its place: try again.");
}

/* Nothing is known yet, and nothing is to be said, until the bus and bluetoothd have answered. */
bool adapter_is_awaited(const struct bluez *bluez)
{
    if (!bluez->bus_up)
        return !bluez->bus_trouble[0];
    if (!bluez->owner[0])
        return bluez->owner_call != NULL;
    return !bluez->loaded && !bluez->load_trouble[0];
}

void adapter_tell(struct bluez *bluez)
{
    const bool available = bluez->adapter[0];
    const char *trouble = adapter_trouble(bluez);
    char message[sizeof(bluez->told_message)];

    if (adapter_is_awaited(bluez))
        return;
    if (trouble)
        copy_whole(message, sizeof(message), trouble);
    else
        snprintf(message, sizeof(message), "Bluetooth is ready (%s).",
                 adapter_name(bluez->adapter));
    if (bluez->told && available == bluez->told_available && bluez->usable == bluez->told_powered &&
        strcmp(message, bluez->told_message) == 0)
        return;
    bluez->told = true;
    bluez->told_available = available;
    bluez->told_powered = bluez->usable;
    memcpy(bluez->told_message, message, sizeof(message));
    bluez->backend.listener.bluetooth(bluez->backend.listener.user, available, bluez->usable,
                                      bluez->told_message);
}

/* What the mirror holds, in tables with limits, and finding things in it. Pure. */
#ifndef BLUEZ_LOOKUP_H
#define BLUEZ_LOOKUP_H

#include "band/model.h"
#include "bluez_device.h"

#define BLUEZ_ADAPTER        "org.bluez.Adapter1"
#define BLUEZ_DEVICE         "org.bluez.Device1"
#define BLUEZ_BATTERY        "org.bluez.Battery1"
#define BLUEZ_SERVICE        "org.bluez.GattService1"
#define BLUEZ_CHARACTERISTIC "org.bluez.GattCharacteristic1"

#define UUID_SIZE 37

#define ADAPTERS_MAX        16
#define DEVICES_MAX         128 /* an office has some 60 in the air */
#define SERVICES_MAX        128 /* of our UUIDs only: 5 a band and adapter */
#define CHARACTERISTICS_MAX 128

struct bluez_adapter {
    char path[OBJECT_PATH_SIZE];
    char address[BAND_ADDRESS_SIZE];
    bool powered, discovering;
    bool blocked; /* by rfkill */
};

struct bluez_service {
    char path[OBJECT_PATH_SIZE];
    char device[OBJECT_PATH_SIZE];
    char uuid[UUID_SIZE];
};

struct bluez_characteristic {
    char path[OBJECT_PATH_SIZE];
    char service[OBJECT_PATH_SIZE];
    char uuid[UUID_SIZE];
};

struct objects {
    struct bluez_adapter adapters[ADAPTERS_MAX];
    struct bluez_device devices[DEVICES_MAX];
    struct bluez_service services[SERVICES_MAX];
    struct bluez_characteristic characteristics[CHARACTERISTICS_MAX];
    size_t adapter_count, device_count, service_count, characteristic_count;
    uint64_t clock; /* counts messages */
    uint64_t heard; /* counts sightings, of any device: discovery is alive */
    bool stale;     /* news: a band that isn't in the mirror was named; ask for all objects anew */
};

/* NULL where there is none. Pointers are valid until the next message. */
struct bluez_device *objects_device(struct objects *objects, const char *path);
/* By address if the identity has one, else by name; on this adapter. Of several the one connected,
 * else heard, else the nearest, else told of last. */
struct bluez_device *objects_band(struct objects *objects, const char *adapter,
                                  const struct band_identity *band);
/*
 * Whether the device is certainly no band: paired, or its services resolved, without a sign of a
 * band. A name alone is no proof, for BlueZ keeps the GAP name of a band that was connected before.
 */
bool objects_is_stranger(const struct objects *objects, const struct bluez_device *device);
const char *objects_characteristic(const struct objects *objects, const char *device,
                                   const struct model_characteristic *at);
/* What kind of band it is: as its name says, else as its characteristics do, else the first. */
const struct band_model *objects_model(const struct objects *objects,
                                       const struct bluez_device *device);
struct bluez_adapter *objects_adapter(struct objects *objects, const char *path);
/* By address or name (`wish`, or NULL); else `current` while it is powered; else the first that
 * is; else the first. */
const struct bluez_adapter *objects_choose_adapter(const struct objects *objects, const char *wish,
                                                   const char *current);

/* Whether any kind of band has something of this UUID. */
bool band_has_service(const char *uuid);
bool band_has_characteristic(const char *uuid);

/* "hci0" of an adapter's path. */
const char *adapter_name(const char *path);

#endif

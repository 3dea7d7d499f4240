/* Bands behind a backend in virtual time, which do as the fuzzer's script says. */
#ifndef FAKE_BAND_H
#define FAKE_BAND_H

#include "ble/backend.h"
#include "manager/manager.h"

/* Of the first; of the others the last digit is their number. */
#define FAKE_NAME      "LXB-51A00000"
#define FAKE_ADDRESS   "AA:BB:CC:DD:EE:FF"
#define FAKE_BANDS_MAX 8
#define FAKE_OPS_MAX   256

struct fake_op {
    int64_t at_us;
    struct fake_link *link; /* NULL: a scan's */
    enum { FAKE_SCAN_ENDS, FAKE_LINK, FAKE_UNLINK, FAKE_NOTIFY, FAKE_WRITE, FAKE_PROBE } kind;
    enum sensor sensor;
    bool on;
};

struct fake_link {
    struct ble_link handle; /* the first: link_of() */
    struct fake_band *air;
    unsigned band; /* whose: 0 … */
    enum { FAKE_FREE, FAKE_TRYING, FAKE_LINKED } state;
    bool closing;
    sensor_set on;
    int64_t next_us[SENSOR_COUNT];
};

struct fake_band {
    struct backend backend;
    struct fake_link links[FAKE_BANDS_MAX];
    unsigned count; /* bands in the air */
    struct manager *manager;
    int64_t now_us, wake_us;
    bool scanning, absent;      /* of all of them */
    sensor_set refused, silent; /* the same */
    struct fake_op ops[FAKE_OPS_MAX];
    size_t op_count;
    unsigned packets; /* that came, of this input */
    unsigned packets_max;
};

void fake_band_init(struct fake_band *band, unsigned count, unsigned packets_max);
/* What to hand to manager_create; band->manager is to be set then. */
struct manager_host fake_band_host(struct fake_band *band);

/* Lets time pass: operations end, packets come, the manager is woken. */
void fake_band_run(struct fake_band *band, int64_t us);

/* The one of that number. */
void fake_band_lose(struct fake_band *band, unsigned number, enum link_end end);
void fake_band_bluetooth(struct fake_band *band, bool available, bool powered);

#endif

/* In the place of the manager's: bands that do as a test says, and answer when it says so. */
#ifndef FAKE_MANAGER_H
#define FAKE_MANAGER_H

#include "manager/manager.h"

#define FAKE_BANDS 3

/* What was asked and isn't answered yet, or was. */
struct fake_asked {
    enum { FAKE_CONNECT, FAKE_DISCONNECT, FAKE_START, FAKE_STOP } kind;
    unsigned device;
    char name[BAND_NAME_SIZE], address[BAND_ADDRESS_SIZE]; /* of a connect */
    struct manager_reply reply;
    bool forgotten;
};

struct fake_manager {
    struct manager_status bands[FAKE_BANDS];
    sensor_set recorded[FAKE_BANDS]; /* the recording's demand */
    struct fake_asked asked[16];
    size_t asked_count;
};

extern struct fake_manager fake;

/* All places are free. */
void fake_reset(void);
/* A band with this name and a battery of 80 % is in the place. */
void fake_band(unsigned device, const char *name, enum manager_link link);
void fake_nobody(unsigned device);
/* Answers the request of this number: done, or refused with the code. */
void fake_done(size_t number, const struct manager_outcome *outcome);
void fake_refused(size_t number, enum error_code code, const char *message);

#endif

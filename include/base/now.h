/* The host's clocks, in µs. Only the upper floors may read them; pure rooms are told the time. */
#ifndef BASE_NOW_H
#define BASE_NOW_H

#include <stdint.h>

int64_t now_boot_us(void);      /* CLOCK_BOOTTIME: runs on through suspend */
int64_t now_monotonic_us(void); /* CLOCK_MONOTONIC: stands still in suspend */
int64_t now_utc_us(void);       /* CLOCK_REALTIME: may step */

#endif

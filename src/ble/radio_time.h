/* When what is due of a radio happens, on its one timer. */
#ifndef BLE_RADIO_TIME_H
#define BLE_RADIO_TIME_H

#include "radio_internal.h"

/* Nothing is due yet; `happen` is called for what is, once, and it is due no more by then. false:
 * no timer. */
bool radio_time_init(struct radio *radio, uv_loop_t *loop,
                     void (*happen)(struct radio *radio, enum radio_event event));
/* Nothing happens any more; `ended` is called once the loop has let go. */
void radio_time_close(struct radio *radio, void (*ended)(struct radio *radio));

void radio_at(struct radio *radio, enum radio_event event, int64_t boot_us);
/* Between these times from now, drawn, by the radio's pace. */
void radio_after(struct radio *radio, enum radio_event event, double low_ms, double high_ms);
void radio_cancel(struct radio *radio, enum radio_event event);

#endif

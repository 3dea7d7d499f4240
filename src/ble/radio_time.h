/* When what is due of a radio happens, on its one timer. */
#ifndef BLE_RADIO_TIME_H
#define BLE_RADIO_TIME_H

#include "radio_internal.h"

/* false: no timer. */
bool radio_time_init(struct radio *radio, uv_loop_t *loop);
/* Nothing happens any more; `ended` is called once the loop has let go. */
void radio_time_close(struct radio *radio, void (*ended)(struct radio *radio));

/* `dues`, set up but for its times, is a part of its subject's struct. Nothing of it is due yet. */
void radio_time_add(struct radio *radio, struct radio_dues *dues);
void radio_time_remove(struct radio *radio, struct radio_dues *dues);

/* `due` is one of the times that were added. */
void radio_at(struct radio *radio, int64_t *due, int64_t boot_us);
/* Between these times from now, drawn, by the radio's pace. */
void radio_after(struct radio *radio, int64_t *due, double low_ms, double high_ms);

#endif

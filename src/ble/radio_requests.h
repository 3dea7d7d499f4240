/* What is asked of a link that is up, and what the band answers after a radio's time. */
#ifndef BLE_RADIO_REQUESTS_H
#define BLE_RADIO_REQUESTS_H

#include "radio_internal.h"

/* Operations of struct ble_link_ops. */
void radio_notify(struct ble_link *handle, enum sensor sensor, bool on);
void radio_write(struct ble_link *handle, const char *text);
void radio_probe(struct ble_link *handle);

/* Their time has come: the listener is told. */
void radio_on_notify(struct radio_link *link, enum sensor sensor);
void radio_on_write(struct radio_link *link);
void radio_on_probe(struct radio_link *link);

/* Whether the band's link is up, even if it is being closed. */
bool radio_is_up(const struct radio *radio, int which);
bool radio_flows(const struct radio *radio, int which, enum sensor sensor);
/* For a sensor that flows. */
void radio_deliver(struct radio *radio, int which, const struct packet *packet);

#endif

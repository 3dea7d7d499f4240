/* What is asked of a link that is up, and what the band answers after a radio's time. */
#ifndef BLE_RADIO_REQUESTS_H
#define BLE_RADIO_REQUESTS_H

#include "radio_internal.h"

/* NULL: of a link that was refused. */
struct radio *radio_of_link(struct ble_link *link);

/* Operations of struct ble_link_ops. */
void radio_notify(struct ble_link *link, enum sensor sensor, bool on);
void radio_write(struct ble_link *link, const char *text);
void radio_probe(struct ble_link *link);

/* Their time has come: the listener is told. */
void radio_on_notify(struct radio *radio, enum sensor sensor);
void radio_on_write(struct radio *radio);
void radio_on_probe(struct radio *radio);

bool radio_flows(const struct radio *radio, enum sensor sensor);
/* For a sensor that flows. */
void radio_deliver(struct radio *radio, const struct packet *packet);

#endif

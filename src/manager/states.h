/* The states of link, radio and stream: their names, and which steps between them there are. */
#ifndef MANAGER_STATES_H
#define MANAGER_STATES_H

#include "manager/manager.h"

enum states_of { STATES_LINK, STATES_RADIO, STATES_STREAM };

/* What the backend is at, of one link. */
enum reach_radio {
    REACH_RADIO_FREE,
    REACH_RADIO_TRYING,
    REACH_RADIO_LINKED,
    REACH_RADIO_CLOSING,
    REACH_RADIO_STUCK
};

/* NULL: there are no more. */
const char *state_name(enum states_of of, unsigned state);
bool state_leads_to(enum states_of of, unsigned from, unsigned to);
/* For the one entry to a state: the step is a lawful one, and in the log of who wants it all. */
void state_told(const char *whose, enum states_of of, unsigned from, unsigned to);

#endif

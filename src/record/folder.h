/* What session_create() and session_open() stand on: for those who look at many folders. */
#ifndef RECORD_FOLDER_H
#define RECORD_FOLDER_H

#include "record/session.h"

/* Descriptors, or −1 and errno. No symbolic link is followed to a session's folder. */
int folder_open_data_dir(const char *data_dir);
int folder_open(int parent, const char *name);

/* Does someone record it, or bring it to its end? Where locks are unknown it may be. */
bool folder_is_held(int dir);

#endif

/* What a start would find of the files, directories and addresses that the options name. */
#ifndef APP_CHECK_H
#define APP_CHECK_H

#include "app/options.h"

/*
 * Looks, as this user, and changes nothing: nothing is made, written or listened on. An address
 * that is in use passes, for the daemon that is checked for may be running. False, and *failure
 * says what a start would say.
 */
bool check_start(const struct options *options, struct failure *failure);

#endif

/*
 * A session as one zip, made as it is read: stored, with zip64 where a file or the whole needs it.
 *
 * In it is a folder of the session's id with the files that a recording has, of the session's own
 * folder and of each band's in that; no links, nothing of another name. While it is recorded or
 * brought to its end, a file is in it as long as it is when its turn comes.
 *
 * In memory are one piece of a file and what the zip's directory says of the files: some 64 KB,
 * whatever they hold. Opening and reading wait for the disk: not for the loop's thread.
 */
#ifndef RECORD_BUNDLE_H
#define RECORD_BUNDLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bundle;

/* Takes over `dir`, the folder of session `id`, which becomes the zip's only folder; NULL, and it
 * is closed, where memory is out. */
struct bundle *bundle_open(int dir, const char *id);
/* How many bytes the zip will have; 0: it isn't known, as what is in it may still grow or it is of
 * 4 GiB and more. */
uint64_t bundle_length(const struct bundle *bundle);
/* The zip's next bytes, at most `size`: how many, 0 at its end, −1 where a file that was there when
 * it was opened is gone, got shorter, has no longer the size that was counted on, or can't be read:
 * then what was read is no zip. */
ssize_t bundle_read(struct bundle *bundle, char *bytes, size_t size);
/* At any time between two calls. */
void bundle_close(struct bundle *bundle);

#endif

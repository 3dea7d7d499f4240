/*
 * Captures: a band's packets as text, one line each. Pure: lines in, records out, and back.
 *
 * Version 1: `<seconds since start> <eeg|ppg|acc> <hex>`, `#` begins a comment. Version 2 adds `#!`
 * lines and `bat` rows, so that a version 1 reader still reads the packets; docs/capture.md defines
 * it.
 */
#ifndef BAND_CAPTURE_H
#define BAND_CAPTURE_H
#endif

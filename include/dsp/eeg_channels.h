/*
 * The channels that EEG features are made of: the first two of a band. Of a band with fewer there
 * are none, for they would tell of an electrode that is not there.
 */
#ifndef DSP_EEG_CHANNELS_H
#define DSP_EEG_CHANNELS_H

#define EEG_CHANNELS 2

#endif

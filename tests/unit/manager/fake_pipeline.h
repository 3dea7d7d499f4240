/* A pipeline that only counts: it holds EEG until its rate is known, as the real one does. */
#ifndef FAKE_PIPELINE_H
#define FAKE_PIPELINE_H

/* The rate the fake finds after two EEG packets; set by the test before they come. */
extern int fake_eeg_rate;

/* A packet of so many bytes is cut, as by an MTU of 23: it can't be read. */
#define CUT_LEN 20

#endif

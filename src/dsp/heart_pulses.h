/*
 * Pulses told by their size alone, whatever their rhythm: how far the light rises in one upstroke
 * (the segments of Karlen 2012). Where large and small rises part clearly, each large one is a beat
 * and they need only be counted; where they do not, only a rhythm can tell beats from noise.
 */
#ifndef DSP_HEART_PULSES_H
#define DSP_HEART_PULSES_H

#include "heart_signal.h"

#define HEART_PULSES_MAX 64

/* A pulse of usual size. */
struct heart_large {
    double at;   /* sample number of the steepest point */
    double late; /* samples to the largest small rise between it and the next; NAN: none */
};

struct heart_pulses {
    double at[HEART_PULSES_MAX]; /* sample numbers of the steepest points, oldest first */
    int count;
    double fs;
    double usual; /* counts, how far a usual one rises; NAN: too few */
    struct heart_large large[HEART_PULSES_MAX]; /* oldest first */
    int larges;
    double period; /* s, mean between them; NAN: too few */
    bool sure;     /* they part clearly from what is no pulse */
    bool hidden;   /* there may be beats between them whose pulse hardly comes through */
};

/* Of the last 8 s, none before 5 s. Once a second. */
void heart_pulses_find(struct heart_pulses *pulses, const struct heart_signal *signal,
                       enum heart_channel channel, double sign);

/* Do they come at this period (in samples), but for some that are missing or too many? `regular`:
 * the minute before did. */
bool heart_pulses_follow(const struct heart_pulses *pulses, double period, bool regular);

#endif

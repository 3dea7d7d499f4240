/* The analysis of one band: its blocks through dsp/, what comes of them to the listener. */
#ifndef ANALYSIS_H
#define ANALYSIS_H

#include "pipeline/pipeline.h"

struct analysis;

/* NULL if memory runs out. The listener is copied. */
struct analysis *analysis_create(int mains_hz, const struct pipeline_listener *listener);
void analysis_destroy(struct analysis *analysis);

void analysis_push(struct analysis *analysis, const struct sample_block *block);

#endif

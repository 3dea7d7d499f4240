/* The table of models: a kind of band is known by having its row here. */
#include "band/model.h"

extern const struct band_model model_linkband;

const struct band_model *const models[] = {
    &model_linkband,
    NULL,
};

/* What of the daemon's options goes together. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/options.h"
#include "band/model.h"
#include "manager/manager.h"
#include "server/address.h"

static bool is_backend(const struct options *options, const char *name)
{
    return options->backend && strcmp(options->backend, name) == 0;
}

static const char *backend_fault(const struct options *options)
{
    const bool replay = is_backend(options, "replay");

    if (!options->backend)
        return "Say where the band comes from: --backend bluez, sim or replay.";
    if (options->sim && !is_backend(options, "sim"))
        return "--sim is for --backend sim only.";
    if (!is_backend(options, "bluez") &&
        (options->adapters.count || options->max_bands_per_adapter || options->notify))
        return "--adapter, --max-bands-per-adapter and --notify are for --backend bluez only.";
    if (!replay && (options->captures.count || options->loop))
        return "--capture and --loop are for --backend replay only.";
    if (replay && !options->captures.count)
        return "--backend replay wants --capture FILE.";
    return NULL;
}

static bool may_be_band(const char *name)
{
    for (size_t i = 0; models[i]; i++) {
        if (strncasecmp(name, models[i]->name_prefix, strlen(models[i]->name_prefix)) == 0)
            return true;
    }
    return false;
}

/* Of all kinds of band, "or" between. */
static const char *prefixes(char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; models[i] && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? " or " : "",
                                models[i]->name_prefix);
    return out;
}

/* A capture may call its band as it likes, what is on the air may not. */
static bool band_fits(const struct options *options, const char *band, struct failure *failure)
{
    char text[80];

    if (strchr(band, ':') || is_backend(options, "replay") || may_be_band(band))
        return true;
    failure_set(failure, ERROR_INVALID_PARAMETERS,
                "--auto-connect %.60s can't match: a band's name begins with %s; its address, "
                "AA:BB:CC:DD:EE:FF, does as well.",
                band, prefixes(text, sizeof(text)));
    return false;
}

static bool bands_fit(const struct options *options, struct failure *failure)
{
    const struct option_list *bands = &options->auto_connect;

    for (size_t i = 0; i < bands->count; i++) {
        if (!band_fits(options, bands->items[i], failure))
            return false;
    }
    if (bands->count <= options_max_bands(options))
        return true;
    failure_set(failure, ERROR_INVALID_PARAMETERS,
                "--auto-connect names %zu bands, but only %u may be connected at a time: give "
                "--max-bands, at most %d, or name fewer.",
                bands->count, options_max_bands(options), MANAGER_DEVICES_MAX);
    return false;
}

static bool adapters_fit(const struct options *options, struct failure *failure)
{
    const struct option_list *list = &options->adapters;

    for (size_t i = 0; i < list->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcasecmp(list->items[i], list->items[j]) != 0)
                continue;
            failure_set(failure, ERROR_INVALID_PARAMETERS,
                        "--adapter %.60s is given twice: once is enough.", list->items[i]);
            return false;
        }
    }
    return true;
}

static bool origins_fit(const struct options *options, struct failure *failure)
{
    for (size_t i = 0; i < options->allow_origin.count; i++) {
        for (size_t j = 0; j < options->deny_origin.count; j++) {
            if (strcasecmp(options->allow_origin.items[i], options->deny_origin.items[j]) != 0)
                continue;
            failure_set(failure, ERROR_INVALID_PARAMETERS,
                        "%.80s is in allow-origin and in deny-origin: take it out of one.",
                        options->allow_origin.items[i]);
            return false;
        }
    }
    return true;
}

/* Two of which only one can be listened on. */
static bool pair_fits(const struct option_list *list, size_t i, size_t j, struct failure *failure)
{
    struct addrinfo *a = address_resolve(list->items[i]), *b = address_resolve(list->items[j]);
    const bool clash = a && b && address_excludes(a->ai_addr, b->ai_addr);

    if (a)
        freeaddrinfo(a);
    if (b)
        freeaddrinfo(b);
    if (clash)
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "--listen %.60s and --listen %.60s exclude each other: one of them is enough.",
                    list->items[i], list->items[j]);
    return !clash;
}

static bool address_fits(const struct options *options, const char *text, struct failure *failure)
{
    struct addrinfo *where = address_resolve(text);
    const bool open = where && !address_is_loopback(where->ai_addr);

    if (where)
        freeaddrinfo(where);
    if (!open || options->token_file)
        return true;
    failure_set(failure, ERROR_INVALID_PARAMETERS,
                "%.60s can be reached from beyond this machine: give --token-file FILE, or listen "
                "on 127.0.0.1 and [::1] only.",
                text);
    return false;
}

static bool addresses_fit(const struct options *options, struct failure *failure)
{
    const struct option_list *list = &options->listen;

    for (size_t i = 0; i < list->count; i++) {
        if (!address_fits(options, list->items[i], failure))
            return false;
        for (size_t j = 0; j < i; j++) {
            if (!pair_fits(list, j, i, failure))
                return false;
        }
    }
    return true;
}

bool options_fit(const struct options *options, struct failure *failure)
{
    const char *fault = backend_fault(options);

    if (fault)
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%s", fault);
    return !fault && adapters_fit(options, failure) && bands_fit(options, failure) &&
           origins_fit(options, failure) && addresses_fit(options, failure);
}

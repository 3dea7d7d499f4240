# Everything the daemon links, as imported targets. All of it is in Debian 12.
find_package(PkgConfig REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(LWS REQUIRED IMPORTED_TARGET libwebsockets)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(DBUS REQUIRED IMPORTED_TARGET dbus-1)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)

# liquid-dsp ships no .pc file.
find_path(LIQUID_INCLUDE_DIR liquid/liquid.h REQUIRED)
find_library(LIQUID_LIBRARY liquid REQUIRED)
add_library(liquid INTERFACE)
target_include_directories(liquid SYSTEM INTERFACE ${LIQUID_INCLUDE_DIR})
target_link_libraries(liquid INTERFACE ${LIQUID_LIBRARY} m)

# SHA-256 of recorded files.
pkg_check_modules(LIBMD REQUIRED IMPORTED_TARGET libmd)

# Zip files of recordings.
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)

# Of linkband-uplink alone.
pkg_check_modules(NATS IMPORTED_TARGET libnats)
pkg_check_modules(MOSQUITTO IMPORTED_TARGET libmosquitto)
pkg_check_modules(ZSTD IMPORTED_TARGET libzstd)

# EDFlib (libedf-dev) ships no .pc file.
find_path(EDF_INCLUDE_DIR edflib.h REQUIRED)
find_library(EDF_LIBRARY edf REQUIRED)
add_library(edf INTERFACE)
target_include_directories(edf SYSTEM INTERFACE ${EDF_INCLUDE_DIR})
target_link_libraries(edf INTERFACE ${EDF_LIBRARY})

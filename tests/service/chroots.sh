# For tests/service/{native,arm64}: Debian roots kept in a build directory under a key of what they are made of. Needs root
# and mmdebstrap; the machine itself stays as it is.

# The file with the machine's own package sources; for another suite than its own a copy that names that one.
sources_of() { # SUITE SCRATCH
    local own
    own=$(. /etc/os-release && echo "$VERSION_CODENAME")
    for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        if grep -qs "\b$own\b" "$file"; then
            sed "s/\b$own\b/$1/g" "$file" >"$2/${file##*/}"
            echo "$2/${file##*/}"
            return
        fi
    done
}

# A root of SUITE in DIRECTORY/root, made where there is none of this key; the rest goes to mmdebstrap.
root_of() { # DIRECTORY SUITE KEYED_BY OPTION...
    local directory=$1 suite=$2 key list
    shift 2
    key=$(printf '%s\n' "$suite" "$@" | sha256sum | cut -c1-16)
    shift
    ! mountpoint -q "$directory/root/proc" || umount "$directory/root/proc" # of a run that was killed
    [ ! -e "$directory/root/made-$key" ] || return 0
    rm -rf --one-file-system "$directory/root"
    mkdir -p "$directory"
    list=$(sources_of "$suite" "$directory")
    mmdebstrap --mode=root --quiet --dpkgopt=force-unsafe-io --aptopt='APT::Install-Recommends "false"' \
        --aptopt='Acquire::Languages "none"' "$@" "$suite" "$directory/root" "$list"
    rm -f "$list"
    touch "$directory/root/made-$key"
}

# What is committed and changed here, into ROOT/build/source.
copy_source() { # ROOT
    rm -rf "$1/build"
    mkdir -p "$1/build/source"
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$1/build/source"
}

# What is shown of the package in the guest: run as root by its agent, with $ROUNDS set to the names of functions below.
# A line begins with `ok` or `not ok`; what a round prints besides is for people.

CONF=/etc/linkbandd/linkbandd.conf
DATA=/var/lib/linkbandd
DEB=$(echo /out/linkbandd_*_amd64.deb)
UPLINK=$(echo /out/linkbandd-uplink_*_amd64.deb)

check() {
    local text=$1
    shift
    if "$@" >/tmp/checked 2>&1; then
        echo "ok [$(cut -d. -f1 /proc/uptime)] $text"
    else
        echo "not ok [$(cut -d. -f1 /proc/uptime)] $text: $*: $(tail -n 3 /tmp/checked)"
    fi
}

# until SECONDS COMMAND…: tries until it succeeds.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep .2
    done
}

is() { [ "$1" = "$2" ]; }
prop() { systemctl show -P "$1" "${2:-linkbandd.service}"; }
active() { systemctl is-active --quiet "$@"; }
logged() { journalctl -b -u linkbandd --no-pager -o cat | grep -q -- "$1"; }
get() { python3 -c "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8121, timeout=20); c.request('GET', '$1'); r = c.getresponse(); print(r.read().decode()); exit(r.status != 200)"; }
flows() { grep -qE 'eeg=[1-9]' <<<"$1" && grep -qE 'ppg=[1-9]' <<<"$1" && grep -qE 'acc=[1-9]' <<<"$1"; }

band() {
    python3 /out/band.py LXB-0263003F C0:26:30:03:F0:11 /tmp/truth >/tmp/band.log 2>&1 &
    BAND=$!
}

install_package() {
    check "the .deb installs" dpkg -i "$DEB"
    check "the service runs" until_true 20 active linkbandd.service
    check "its socket listens" active linkbandd.socket
    check "both are enabled" systemctl is-enabled linkbandd.service linkbandd.socket
}

# Its own user, no capability, a system call filter, no network but the passed sockets.
locked_down() {
    local pid
    pid=$(prop MainPID)
    check "it runs as its own user" is "$(ps -o user= -p "$pid")" linkbandd
    check "it has no capability" grep -q 'CapBnd:.*0000000000000000' "/proc/$pid/status"
    check "it gains no privileges" grep -q 'NoNewPrivs:.*1' "/proc/$pid/status"
    check "its system calls are filtered" grep -q 'Seccomp:.*2' "/proc/$pid/status"
    check "it sees no interface but a loopback of its own" \
        is "$(nsenter -t "$pid" -n ip -o link | awk '{print $2}')" lo:
    check "systemd-analyze verify is silent" is "$(systemd-analyze verify --man=no linkbandd.service linkbandd.socket 2>&1)" ""
    systemd-analyze security --no-pager linkbandd.service | tail -1
    check "exposure is at most 0.5" systemd-analyze security --no-pager --threshold=5 linkbandd.service
    check "the page comes over the passed socket" get /
    check "bluetoothd is reached" until_true 20 logged "bluetooth: using the adapter hci0"
}

stream() {
    local got
    band
    got=$(python3 /out/client.py stream 6 2>&1)
    echo "6 s of the virtual band: $got"
    check "the band's samples reach a client" flows "$got"
    check "systemctl status says so" until_true 5 grep -q "connected to LXB-0263003F, streaming" <<<"$(prop StatusText)"
}

record() {
    local got session
    got=$(python3 /out/client.py record 4 2>&1)
    session=$(ls -d $DATA/recordings/*/ | head -1)
    echo "recorded: $got"
    check "a session is there" test -s "$session/session.json"
    check "the group of the recordings is linkbandd" is "$(find $DATA ! -group linkbandd | wc -l)" 0
    check "nobody else may read them" is "$(find $DATA -perm /007 | wc -l)" 0
    useradd -M -G linkbandd researcher
    check "a researcher in the group reads them" setpriv --reuid researcher --init-groups cat "$session/session.json"
    check "someone else does not" bash -c "! setpriv --reuid nobody --regid nogroup --clear-groups ls $DATA"
}

watchdog() {
    local old seconds
    old=$(prop MainPID)
    kill -STOP "$old"
    check "a stopped process is killed by the watchdog" until_true 15 bash -c "[ ! -d /proc/$old ]"
    check "it is back" until_true 10 get /
    check "as another process" test "$(prop MainPID)" != "$old"
    seconds=$(journalctl -b -u linkbandd --no-pager -o short-monotonic |
        sed -n 's/^\[ *\([0-9.]*\)\].*Watchdog timeout.*/\1/p' | tail -1)
    seconds=$(python3 -c "print(round($(prop ActiveEnterTimestampMonotonic) / 1e6 - $seconds, 2))")
    echo "active $seconds s after the watchdog struck"
    check "soon after the watchdog" python3 -c "assert 0 < $seconds < 15" # the guest is emulated, its host may be busy
    check "and takes up the stream again" until_true 40 bash -c 'systemctl show -P StatusText linkbandd | grep -q streaming'
}

activation() {
    systemctl stop linkbandd.service
    check "a stopped service leaves the socket" active linkbandd.socket
    check "the first connection starts it" get /
    check "and it runs" active linkbandd.service
}

# Fifty times a second, each with a little patience: more than any limit of systemd's for sockets or starts.
knock() {
    python3 -c 'if 1:
        import socket, time
        while True:
            try:
                with socket.create_connection(("127.0.0.1", 8121), 0.2) as s:
                    s.settimeout(0.05)
                    s.recv(1)
            except OSError:
                pass
            time.sleep(0.02)' &
    KNOCKING=$!
}

starts() { journalctl -b -u linkbandd --no-pager -o cat | grep -c -- "$1"; }

knocking() {
    local before
    cp $CONF /tmp/conf
    echo "no-such-option = 1" >>$CONF
    check "a wrong option keeps it from starting" bash -c '! systemctl restart linkbandd'
    before=$(starts "no-such-option is no option")
    knock
    sleep 15
    echo "started in vain $(($(starts "no-such-option is no option") - before)) times in 15 s of knocking"
    check "clients that knock meanwhile don't end the socket" active linkbandd.socket
    check "they have it started again" test "$(starts "no-such-option is no option")" -ge $((before + 3))
    check "once a second at most" test "$(starts "no-such-option is no option")" -le $((before + 17))
    cp /tmp/conf $CONF
    check "mended, it serves the next who knocks, untouched" until_true 15 get /
    kill $KNOCKING
}

told() { linkbandd doctor >/tmp/doctor; grep -q -- "$1" /tmp/doctor || { cat /tmp/doctor; false; }; }

# What doctor says of the service, which it must neither start nor make anything for.
# linkbandd-uplink as docs/scale.md has it: two users and one group, each in the locks of its unit.
number() { awk '{print $2}' $DATA/spool/cursors/uplink; }
had() { [ "$(number)" -gt "$1" ]; }
healthy() { get /health | grep -q -- "$1"; }

uplink() {
    local pid before
    sed -i 's/^backend = .*/backend = sim/' $CONF
    printf 'sim = radio=fast\nspool = %s/spool\nauto-connect = LXB-51A00000\n' $DATA >>$CONF
    systemctl restart linkbandd.service
    check "its .deb installs" dpkg -i "$UPLINK"
    check "whoever has set it up starts it" is "$(systemctl is-active linkband-uplink.service)" inactive
    mosquitto -p 1883 >/tmp/mosquitto.log 2>&1 &
    echo "UPLINK_OPTIONS=--spool $DATA/spool --to mqtt://127.0.0.1:1883 --gateway g1" >>/etc/linkbandd/uplink.conf
    systemctl enable --now linkband-uplink.service
    check "it runs" until_true 20 active linkband-uplink.service
    pid=$(prop MainPID linkband-uplink.service)
    check "it runs as its own user" is "$(stat -c '%U %G' "/proc/$pid")" "linkband-uplink linkbandd"
    check "it has no capability" grep -q 'CapBnd:.*0000000000000000' "/proc/$pid/status"
    check "what was spooled is acknowledged" until_true 60 had 100
    check "the cursor is its own" is "$(stat -c '%U %G %a' $DATA/spool/cursors/uplink)" "linkband-uplink linkbandd 640"
    check "the spool is the daemon's" is "$(find $DATA/spool ! -path '*/cursors/*' ! -user linkbandd | wc -l)" 0
    check "nobody else may read it" is "$(find $DATA -perm /007 | wc -l)" 0
    check "the daemon reads the cursor" until_true 30 healthy '"name":"uplink","is_readable":true'
    check "the doctor finds the reader well" told "ok     reader      uplink "
    check "and nothing wrong with the spool" bash -c "! grep -E 'WRONG +(spool|cursors|reader)' /tmp/doctor"
    before=$(number)
    systemctl restart linkband-uplink.service
    check "it goes on where it was" until_true 60 had $((before + 100))
    check "systemd-analyze verify is silent" is "$(systemd-analyze verify --man=no linkband-uplink.service 2>&1)" ""
    systemd-analyze security --no-pager linkband-uplink.service | tail -1
    check "exposure is at most 1.5" systemd-analyze security --no-pager --threshold=15 linkband-uplink.service
}

doctor() {
    cp $CONF /tmp/conf
    check "it names the sockets that systemd holds" told "systemd listens on 127.0.0.1:8121 \[::1\]:8121 for linkbandd.service, which is active"
    systemctl stop linkbandd.service
    rm -rf $DATA/recordings
    check "it names the place of the service's recordings" told "will be in $DATA/recordings"
    check "it makes none" test ! -e $DATA/recordings
    check "it starts nothing" is "$(systemctl is-active linkbandd.service)" inactive
    check "a service that is not running is told" told "which is inactive"
    echo "data-dir = /srv/eeg" >>$CONF
    check "a place that is missing is made for the service" told "sudo install -d -o linkbandd -g linkbandd -m 750 '/srv/eeg'"
    mkdir -p /srv/eeg
    check "one that the unit shuts is told with the drop-in" told "\[Service\] ReadWritePaths=/srv/eeg"
    mkdir -p /etc/systemd/system/linkbandd.service.d
    printf '[Service]\nReadWritePaths=/srv/eeg\n' >/etc/systemd/system/linkbandd.service.d/disk.conf
    systemctl daemon-reload
    check "one of another's is given to the service, not to who asks" told "sudo chown linkbandd: '/srv/eeg'"
    chown linkbandd: /srv/eeg
    check "then all is well" told "the service's are in /srv/eeg"
    rm -r /etc/systemd/system/linkbandd.service.d
    systemctl daemon-reload
    cp /tmp/conf $CONF
    echo "listen = 127.0.0.1:9" >>$CONF
    check "listen beside the socket is told" told "linkbandd.socket says where to listen"
    cp /tmp/conf $CONF
    systemctl start linkbandd.service
}

# A drop-in as docs/install.md has it: the block with this in it.
drop_in() {
    mkdir -p /etc/systemd/system/linkbandd.service.d
    awk -v key="$1" '/^```ini/ { text = ""; on = 1; next } /^```/ { if (on && index(text, key)) printf "%s", text; on = 0 } on { text = text $0 "\n" }' \
        /out/install.md >/etc/systemd/system/linkbandd.service.d/disk.conf
    check "the drop-in with $1 is in the documentation" grep -q "$1" /etc/systemd/system/linkbandd.service.d/disk.conf
    cp $CONF /tmp/conf
    echo "data-dir = $2" >>$CONF
    systemctl daemon-reload
}

undo_drop_in() {
    cp /tmp/conf $CONF
    rm -r /etc/systemd/system/linkbandd.service.d
    systemctl daemon-reload
    systemctl restart linkbandd
}

# A stick that is missing, as systemd sees one of fstab, which the guest has not got: then it is there.
stick() {
    local units=/etc/systemd/system
    mkdir -p /mnt/eeg "$units/dev-disk-by\x2dlabel-EEG.device.d"
    printf '[Unit]\nJobRunningTimeoutSec=2\n' >"$units/dev-disk-by\x2dlabel-EEG.device.d/timeout.conf"
    printf '[Mount]\nWhat=/dev/disk/by-label/EEG\nWhere=/mnt/eeg\nType=ext4\n' >$units/mnt-eeg.mount
    drop_in RequiresMountsFor= /mnt/eeg/recordings
    check "without the stick the service does not start" bash -c '! systemctl restart linkbandd'
    knock
    sleep 10
    kill $KNOCKING
    check "clients that knock meanwhile don't end the socket" active linkbandd.socket
    check "nothing is written beneath it" is "$(ls /mnt/eeg)" ""
    printf '[Mount]\nWhat=none\nWhere=/mnt/eeg\nType=tmpfs\n' >$units/mnt-eeg.mount
    systemctl daemon-reload
    systemctl start mnt-eeg.mount
    install -d -o linkbandd -g linkbandd -m 750 /mnt/eeg/recordings
    check "with the stick the next client starts it" until_true 15 get /
    python3 /out/client.py stream 3
    python3 /out/client.py record 3
    check "and a session is on it" bash -c 'ls /mnt/eeg/recordings/*/session.json'
    undo_drop_in
    rm -r $units/mnt-eeg.mount "$units/dev-disk-by\x2dlabel-EEG.device.d"
}

home() {
    install -d -o linkbandd -g linkbandd -m 750 /home/ada/eeg
    drop_in BindPaths= /home/ada/eeg
    check "with the drop-in for /home it starts" systemctl restart linkbandd
    python3 /out/client.py stream 3
    python3 /out/client.py record 3
    check "and a session is in the home" bash -c 'ls /home/ada/eeg/*/session.json'
    undo_drop_in
}

listen_twice() {
    cp $CONF /tmp/conf
    echo "listen = 127.0.0.1:9" >>$CONF
    systemctl restart linkbandd
    check "listen beside the socket is refused by the unit's name" logged "linkbandd.socket says where to listen"
    sleep 2
    check "with status 78" is "$(prop ExecMainStatus)" 78
    check "and not tried again" is "$(prop NRestarts)" 0
    cp /tmp/conf $CONF
    check "mended, it starts" systemctl restart linkbandd
}

reload() {
    echo "log-level = debug" >>$CONF
    check "systemctl reload" systemctl reload linkbandd
    check "is logged" until_true 5 logged "linkbandd.conf: read again"
    check "and it is active again" until_true 5 active linkbandd.service
    cp /tmp/conf $CONF
}

journal() {
    local priorities
    priorities=$(journalctl -b -u linkbandd -o json --no-pager | grep '"_COMM":"linkbandd"' |
        sed 's/.*"PRIORITY":"\([0-9]\)".*/\1/' | sort -u | tr '\n' ' ')
    check "priorities are the daemon's own" bash -c "grep -q 6 <<<'$priorities' && grep -q 3 <<<'$priorities'"
}

bluetooth_restart() {
    systemctl restart bluetooth.service
    check "after a restart of bluetooth.service it has the adapter again" \
        until_true 30 bash -c 'python3 /out/client.py stream 3 >/tmp/again 2>&1'
    echo "after the restart: $(cat /tmp/again)"
    check "and samples flow" flows "$(cat /tmp/again)"
}

# The policy of a stricter distribution: only root and the group bluetooth may call bluetoothd.
bus_policy() {
    local policy=/etc/dbus-1/system.d/bluetooth.conf
    [ -e $policy ] || policy=/usr/share/dbus-1/system.d/bluetooth.conf
    cat >$policy <<'X'
<busconfig>
  <policy user="root"><allow own="org.bluez"/><allow send_destination="org.bluez"/>
    <allow send_interface="org.bluez.AdvertisementMonitor1"/><allow send_interface="org.bluez.Agent1"/>
    <allow send_interface="org.freedesktop.DBus.ObjectManager"/><allow send_interface="org.freedesktop.DBus.Properties"/></policy>
  <policy group="bluetooth"><allow send_destination="org.bluez"/></policy>
  <policy context="default"><deny send_destination="org.bluez"/></policy>
</busconfig>
X
    systemctl reload dbus
    systemctl restart linkbandd
    check "someone else may not call bluetoothd" bash -c \
        "! setpriv --reuid nobody --regid nogroup --clear-groups busctl call org.bluez / org.freedesktop.DBus.ObjectManager GetManagedObjects"
    sleep 3
    got=$(python3 /out/client.py stream 4 2>&1)
    echo "under the stricter policy: $got"
    check "the service still may, by its group" flows "$got"
}

lan() {
    mkdir -p /etc/systemd/system/linkbandd.{socket,service}.d
    dpkg-deb -x "$DEB" /tmp/files
    cp /tmp/files/usr/share/doc/linkbandd/examples/lan/linkbandd.socket.conf /etc/systemd/system/linkbandd.socket.d/
    cp /tmp/files/usr/share/doc/linkbandd/examples/lan/linkbandd.service.conf /etc/systemd/system/linkbandd.service.d/
    ip link add lan type dummy && ip addr add 192.168.77.1/24 dev lan && ip link set lan up
    systemctl daemon-reload
    systemctl stop linkbandd.service linkbandd.socket
    systemctl start linkbandd.service
    sleep 2
    check "without a token it does not start" bash -c '! systemctl is-active linkbandd.service'
    check "nor is it tried again" is "$(prop NRestarts)" 0
    (umask 077 && echo "0123456789abcdef0123456789abcdef" >/etc/linkbandd/token)
    check "with a token it does" systemctl restart linkbandd.service
    check "a client in the LAN with the token is let in" \
        python3 /out/client.py watch 1 "ws://192.168.77.1:8121/ws?token=0123456789abcdef0123456789abcdef"
    check "one without is not" bash -c '! python3 /out/client.py watch 1 ws://192.168.77.1:8121/ws'
    systemd-analyze security --no-pager linkbandd.service | tail -1
    check "exposure is at most 1.5" systemd-analyze security --no-pager --threshold=15 linkbandd.service
    rm -r /etc/systemd/system/linkbandd.{socket,service}.d
    systemctl daemon-reload
    systemctl restart linkbandd.socket linkbandd.service
}

# A next version: the same files under a higher number.
next_version() {
    dpkg-deb -R "$DEB" /tmp/next
    sed -i 's/^Version: .*/Version: 99/' /tmp/next/DEBIAN/control
    dpkg-deb -b /tmp/next /tmp/next.deb >/dev/null
}

upgrade() {
    local old
    old=$(prop MainPID)
    mkdir -p $DATA/recordings && echo data >$DATA/recordings/kept && chown linkbandd:linkbandd $DATA/recordings/kept
    echo "# my own line" >>$CONF
    next_version
    check "an upgrade" dpkg -i --force-confdef /tmp/next.deb
    check "keeps the recordings" test -e $DATA/recordings/kept
    check "and the changed configuration" grep -q "my own line" $CONF
    check "and runs the new one" bash -c "systemctl is-active linkbandd && [ $(prop MainPID) != $old ]"
}

reinstall() {
    systemctl disable --now linkbandd.service linkbandd.socket 2>/dev/null
    check "a reinstall" dpkg -i --force-confdef /tmp/next.deb
    check "leaves a disabled service disabled" bash -c '! systemctl is-enabled linkbandd.service linkbandd.socket'
    check "and stopped" bash -c '! systemctl is-active linkbandd.service'
    systemctl mask linkbandd.service 2>/dev/null
    check "a reinstall of a masked one" dpkg -i --force-confdef /tmp/next.deb
    check "leaves it masked" is "$(systemctl is-enabled linkbandd.service)" masked
    systemctl unmask linkbandd.service 2>/dev/null
}

remove() {
    check "removal" dpkg -r linkbandd
    check "stops it" bash -c '! systemctl is-active linkbandd.service linkbandd.socket'
    check "and leaves configuration and recordings" test -e $CONF -a -e $DATA/recordings/kept
    check "purge" dpkg -P linkbandd
    check "takes the configuration" test ! -e $CONF
    check "and what systemd knew" bash -c '! find /etc/systemd /var/lib/systemd/deb-systemd-helper* -name "linkbandd*" | grep .'
    check "never a recording" test -e $DATA/recordings/kept
}

boot() {
    reboot_guest
}

after_reboot() {
    check "the service starts at boot" until_true 30 active linkbandd.service
    locked_down
    stream
}

main() {
    local round
    for round in $ROUNDS; do
        echo "== $round"
        $round
    done
}

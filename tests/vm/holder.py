#!/usr/bin/python3
"""A central on btvirt's air that connects to a band and does no more: its link takes the band's first handle.

    holder.py ADDRESS
"""

import socket
import struct
import sys


def command(air, opcode, parameters=b""):
    air.sendall(b"\x01" + struct.pack("<HB", opcode, len(parameters)) + parameters)


def main(address):
    air = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    air.connect("/tmp/bt-server-le")
    command(air, 0x0C03)  # reset
    command(air, 0x0C01, b"\xff" * 8)
    command(air, 0x2001, b"\xff" * 8)
    peer = bytes.fromhex(address.replace(":", ""))[::-1]
    command(air, 0x200D, struct.pack("<HHBB6sBHHHHHH", 0x60, 0x60, 0, 1, peer, 0, 0x18, 0x28, 0, 0x2A, 0, 0))
    while air.recv(4096):
        pass


main(sys.argv[1])

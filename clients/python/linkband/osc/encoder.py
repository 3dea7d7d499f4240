"""Open Sound Control 1.0, as much as is sent: messages of floats, integers and strings."""

import struct
from typing import Union

Argument = Union[float, int, str]


def padded(text: str) -> bytes:
    """Ended by one to four zeros, to a multiple of four."""
    data = text.encode() + b"\0"
    return data + b"\0" * (-len(data) % 4)


def message(address: str, *arguments: Argument) -> bytes:
    types, data = ",", b""
    for argument in arguments:
        if isinstance(argument, str):
            types, data = types + "s", data + padded(argument)
        elif isinstance(argument, int):
            types, data = types + "i", data + struct.pack(">i", argument)
        else:
            types, data = types + "f", data + struct.pack(">f", argument)
    return padded(address) + padded(types) + data

"""bleak on the bus of $DBUS_SYSTEM_BUS_ADDRESS: finds, connects, reads, subscribes; one JSON line of what it got."""

import asyncio
import json
import sys

import bleak

EEG = "00ab4d15-66b4-0d8a-824f-8d6f8966c6e5"
CONTROL = "0065cacb-9e52-21bf-a849-99a80d83830e"


async def main(name):
    device = await bleak.BleakScanner.find_device_by_filter(lambda d, _: d.name == name, timeout=60)
    got = []
    async with bleak.BleakClient(device) as client:
        battery = await client.read_gatt_char("00002a19-0000-1000-8000-00805f9b34fb")
        await client.start_notify(EEG, lambda _, data: got.append(data.hex()))
        await client.write_gatt_char(CONTROL, b"start", response=True)
        print("subscribed", flush=True)
        while len(got) < 3:
            await asyncio.sleep(0.05)
        await client.stop_notify(EEG)
    print(json.dumps({"address": device.address, "battery": battery[0], "values": got}))


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 90))

"""A flame graph of what callgrind counted.

callgrind keeps who called whom, not whole stacks: what a function spent is shared among its callers as they had of it.
Width is instructions; a colour is a room of src, grey a library.
"""

import collections
import html

import callgrind

WIDTH, ROW, LEAST = 1200, 17, 0.0015
COLOURS = {"dsp": "#e8893b", "protocol": "#d9b13b", "band": "#8fb04a", "pipeline": "#5fa777", "manager": "#5b8fc7",
           "ble": "#7a78c4", "server": "#b26fb0", "base": "#9c8b7a", "app": "#c76b6b", "record": "#b8a13e"}


class Flame:
    def __init__(self, profile):
        self.profile = profile
        self.inclusive = collections.Counter(profile.own)
        self.below = collections.defaultdict(collections.Counter)
        for (caller, callee), (_, cost) in profile.calls.items():
            if caller != callee:
                self.below[caller][callee] += cost
                self.inclusive[caller] += cost
        self.boxes = []
        self.depth = 0

    def lay(self, function, x, share, depth, above):
        """`share` of what is spent in the function and below it."""
        cost = self.inclusive[function] * share
        if cost < LEAST * self.profile.total or function in above:
            return
        self.depth = max(self.depth, depth)
        self.boxes.append((x, cost, depth, function))
        for callee, part in self.below[function].most_common():
            part *= share
            whole = self.inclusive[callee]
            if whole:
                self.lay(callee, x, min(1, part / whole), depth + 1, above | {function})
            x += part

    def svg(self, root):
        total = self.inclusive[root]
        self.lay(root, 0, 1, 0, frozenset())
        height = (self.depth + 2) * ROW
        yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">'
               f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>')
        for x, cost, depth, function in self.boxes:
            yield box(x / total * WIDTH, cost / total * WIDTH, height - (depth + 1.5) * ROW, function, cost / total)
        yield "</svg>"


def box(x, width, y, function, part):
    # Of a library without symbols its name says more than an address.
    program, _, name = function
    name = html.escape((program or name).rpartition("/")[2] if name.startswith("0x") else name)
    label = name[: int(width / 6.5)] if width > 24 else ""
    colour = COLOURS.get(callgrind.stage_of(function), "#c9c9c9")
    return (f'<g><title>{name}: {100 * part:.1f} %</title><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{ROW - 1}" '
            f'fill="{colour}" stroke="#fff" stroke-width="0.5"/><text x="{x + 3:.1f}" y="{y + 12:.1f}">{label}</text></g>')


def draw(profile, path):
    root = next(callee for _, callee in profile.calls if callee[2] == "uv_run")
    path.write_text("\n".join(Flame(profile).svg(root)) + "\n")
